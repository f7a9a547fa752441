import { FormatError } from '../../errors.js';
import { type ByteSource, slice } from '../bytes.js';
import { SECTOR } from './types.js';

/** What lies in a partition, told by its signatures. `embedded`: where an HFS wrapper keeps the HFS+ volume, bytes. */
export type VolumeKind =
  | { readonly kind: 'hfs+' | 'hfsx' | 'apfs' | 'hfs' | 'core-storage' | 'unknown' }
  | { readonly kind: 'wrapper'; readonly embedded: { readonly offset: number; readonly size: number } };

const SIGNATURE_AT = 1024;
/** Bytes looked at. */
const HEAD = 1536;

/**
 * Looks at a volume's first sectors. HFS+ and HFSX (TN1150): `H+` or `HX` at 1024. HFS: `BD` there; when drEmbedSigWord (124) is
 * `H+`, an HFS+ volume lies inside, at drAlBlSt (28, sectors) + extent (126 first, 128 count) × drAlBlkSiz (20, bytes). APFS: `NXSB`
 * at 32. CoreStorage: `CS` at 88. FormatError when a wrapper's volume is not inside it.
 */
export async function volumeKind(volume: ByteSource): Promise<VolumeKind> {
  if (volume.size < HEAD) return { kind: 'unknown' };
  const head = await volume.read(0, HEAD);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const text = (at: number, length: number) => String.fromCharCode(...head.subarray(at, at + length));
  switch (text(SIGNATURE_AT, 2)) {
    case 'H+':
      return { kind: 'hfs+' };
    case 'HX':
      return { kind: 'hfsx' };
    case 'BD': {
      if (text(SIGNATURE_AT + 124, 2) !== 'H+') return { kind: 'hfs' };
      const blockSize = view.getUint32(SIGNATURE_AT + 20);
      const offset = view.getUint16(SIGNATURE_AT + 28) * SECTOR + view.getUint16(SIGNATURE_AT + 126) * blockSize;
      const size = view.getUint16(SIGNATURE_AT + 128) * blockSize;
      if (blockSize % SECTOR !== 0 || size < HEAD || offset + size > volume.size) {
        throw new FormatError({
          file: volume.name,
          structure: 'HFS wrapper',
          offset: SIGNATURE_AT,
          expected: `an HFS+ volume inside its ${volume.size} bytes`,
          found: `${size} bytes at ${offset}`,
        });
      }
      return { kind: 'wrapper', embedded: { offset, size } };
    }
    default:
  }
  if (text(32, 4) === 'NXSB') return { kind: 'apfs' };
  if (text(88, 2) === 'CS') return { kind: 'core-storage' };
  return { kind: 'unknown' };
}

/** The HFS+ volume inside an HFS wrapper. */
export function embeddedVolume(
  wrapper: ByteSource,
  embedded: { readonly offset: number; readonly size: number },
): ByteSource {
  return slice(wrapper, embedded.offset, embedded.size);
}
