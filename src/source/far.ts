import { closeAll } from '../host/close-all.js';
import type { PartFile } from '../remote/part-file.js';
import type { Validators } from '../remote/range-answer.js';
import type { RemoteFile } from '../remote/remote-file.js';
import type { FarLocated } from './locate.js';

export interface FarOptions {
  readonly signal?: AbortSignal;
  readonly buildNumber?: string | undefined;
  /** Where what is read of a file is kept; undefined: nowhere. */
  readonly keep?: (name: string, url: string, validators: Validators) => Promise<PartFile | undefined>;
  /** Told of requests that failed and are made again. */
  readonly onRetry?: ((message: string) => void) | undefined;
}

/** The files of an installer on a server. */
export interface FarFiles {
  /** What leads to InstallESD.dmg. */
  readonly lead: RemoteFile;
  /** What lies beside it, by name. */
  readonly beside: ReadonlyMap<string, RemoteFile>;
}

/** Opens an installer on a server. NetworkError where it cannot be had; the caller closes every file, see closeFar. */
export async function openFar(located: FarLocated, options: FarOptions): Promise<FarFiles> {
  const { openRemote } = await import('../remote/remote-file.js');
  const { fileNameOf, parseUrl } = await import('../remote/url.js');
  const signal = options.signal ?? new AbortController().signal;
  const { keep, onRetry } = options;
  const open = (name: string, [first, ...alternatives]: readonly URL[], size?: number) =>
    openRemote(first!, {
      signal,
      alternatives,
      // A place that is named as http itself may be led to http.
      toHttp: alternatives.some(({ protocol }) => protocol === 'http:'),
      ...(size !== undefined && { size }),
      ...(keep && { keep: (url: string, validators: Validators) => keep(name, url, validators) }),
      onRetry: ({ message }) => onRetry?.(message),
    });
  if ('url' in located) {
    const url = parseUrl(located.url);
    return { lead: await open(fileNameOf(url), [url]), beside: new Map() };
  }
  const { findProduct } = await import('../remote/find-product.js');
  const product = await findProduct(located.release, options.buildNumber, { signal });
  const opened: RemoteFile[] = [];
  try {
    for (const { name, urls, size } of product.parts) opened.push(await open(name, urls, size));
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
  const [lead, ...others] = opened;
  const names = product.parts.slice(1).map(({ name }) => name);
  return { lead: lead!, beside: new Map(others.map((file, i) => [names[i]!, file])) };
}

/** Lets go of every file. */
export async function closeFar({ lead, beside }: FarFiles): Promise<void> {
  await closeAll([lead, ...beside.values()]);
}
