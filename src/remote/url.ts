import { UsageError } from '../errors.js';

/** Whether a user means a place on the network rather than a file of this computer. */
export function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/**
 * Reads a URL a user typed or a catalogue names. UsageError for one that cannot be, and for one with a password: it would stand in
 * manifests, logs and shell histories, and none of Apple's servers wants any.
 */
export function parseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError(`${JSON.stringify(withoutUserInfo(text))} is no URL.`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new UsageError(`${shownUrl(url)}: expected https:// or http://, found ${url.protocol}//.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      `${shownUrl(url)}: the URL has a user's name or a password in it, which osx-iso does not send.`,
      'Give it without, or download the file with a tool that can log in.',
    );
  }
  url.hash = '';
  return url;
}

/** A URL as messages and manifests have it: without what may be secret. Of a query only that there is one. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

function withoutUserInfo(text: string): string {
  return text.replace(/\/\/[^/?#]*@/, '//');
}

/** Longest name a file system takes is 255 bytes; a state file's ending must fit as well. */
const LONGEST = 200;

/** What a file from this URL is called on the host: one harmless name, whatever the URL says. */
export function fileNameOf(url: URL): string {
  let last = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  try {
    last = decodeURIComponent(last);
  } catch {
    // Not encoded as it should be: then as it stands.
  }
  const name = last.replace(/[^\w .()+-]/g, '_').replace(/^[.\s-]+/, '');
  return name.slice(0, LONGEST) || 'download';
}
