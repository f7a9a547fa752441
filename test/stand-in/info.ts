import type { Arguments } from './arguments.js';
import { plistText, type Value } from './plist-text.js';
import { type AttachedImage, readState } from './state.js';

type Dict = { readonly [key: string]: Value };

/** `info`: every image that is attached. */
export function info(args: Arguments): string {
  const { images } = readState();
  if (!args.has('-plist')) {
    return images
      .map(({ image, entities }) => `image-path      : ${image}\n${table(entities)}`)
      .join('================================================\n');
  }
  return plistText({
    framework: '480',
    images: images.map((attached) => ({
      'image-path': attached.image,
      'owner-uid': attached.uid,
      writeable: !attached.readOnly,
      'image-encrypted': false,
      'system-entities': dicts(attached),
    })),
  });
}

/** What attach prints. */
export function said(attached: AttachedImage, asPlist: boolean): string {
  return asPlist ? plistText({ 'system-entities': dicts(attached) }) : table(attached.entities);
}

function dicts({ entities }: AttachedImage): Dict[] {
  return entities.map(({ device, hint, mountPoint }) => ({
    'content-hint': hint,
    'dev-entry': device,
    ...(mountPoint !== undefined && { 'mount-point': mountPoint, 'volume-kind': 'hfs' }),
    'potentially-mountable': mountPoint !== undefined,
    'unmapped-content-hint': hint,
  }));
}

function table(entities: AttachedImage['entities']): string {
  return entities
    .map(({ device, hint, mountPoint }) => `${device.padEnd(20)}\t${hint.padEnd(31)}\t${mountPoint ?? ''}\n`)
    .join('');
}
