import { SourceError } from '../errors.js';
import { fileKind } from '../formats/file-kind.js';
import { readHead } from '../host/read-file.js';

/** The header lies in the first 8192 bytes, on a boundary of 4 (Multiboot Specification 0.6.96, section 3.1). */
const SEARCHED = 8192;
const MAGIC = 0x1bad_b002;

/** Whether these first bytes of a file have a multiboot header: magic, flags, and a checksum that makes their sum zero. */
export function isMultiboot(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (let at = 0; at + 12 <= Math.min(head.byteLength, SEARCHED); at += 4) {
    if (view.getUint32(at, true) !== MAGIC) continue;
    if ((MAGIC + view.getUint32(at + 4, true) + view.getUint32(at + 8, true)) % 2 ** 32 === 0) return true;
  }
  return false;
}

const HINT = `Give Chameleon's second stage: the file "boot" of its i386 folder, as in chameleon_svn2783_boot.`;

/** Refuses what QEMU's -kernel would not start as Chameleon. */
export async function checkLoader(path: string): Promise<void> {
  const head = Buffer.from(await readHead(path, SEARCHED, { label: '--chameleon ', hint: HINT }));
  if (isMultiboot(head)) return;
  const found = looksLike(head);
  throw new SourceError(`--chameleon ${path}: expected a loader with a multiboot header, found ${found}.`, {
    hint: HINT,
  });
}

/** What people give by mistake. */
function looksLike(head: Buffer): string {
  if (head.length === 0) return 'an empty file';
  const known = fileKind(head);
  if (known?.kind === 'archive') return `${known.what}: unpack it first`;
  if (known?.kind === 'program' && head.toString('latin1', 0, 2) === 'MZ')
    return 'an EFI program (use --firmware uefi --loader)';
  if (known) return known.what;
  if (head.length >= 512 && head.readUInt16LE(510) === 0xaa55) return 'a boot sector (boot0, boot1h or cdboot)';
  return 'something else';
}
