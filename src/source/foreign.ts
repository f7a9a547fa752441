import { SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { VM_DISK_NAMES, vmDiskSignature } from '../formats/vm-disk/index.js';

/** What a file is that is no installer. `packed`: something may be in it. */
interface Foreign {
  readonly what: string;
  readonly packed?: true;
}

/** Bytes by which a file is known: at an offset, as latin1. */
const SIGNS: readonly (Foreign & { readonly at: number; readonly is: string })[] = [
  { at: 0, is: 'PK\x03\x04', what: 'a zip archive', packed: true },
  { at: 0, is: 'Rar!', what: 'a rar archive', packed: true },
  { at: 0, is: "7z\xbc\xaf'\x1c", what: 'a 7-Zip archive', packed: true },
  { at: 0, is: '\x1f\x8b', what: 'a gzip file', packed: true },
  { at: 0, is: 'BZh', what: 'a bzip2 file', packed: true },
  { at: 0, is: '\xfd7zXZ\0', what: 'an xz file', packed: true },
  { at: 257, is: 'ustar', what: 'a tar archive', packed: true },
  { at: 0x8001, is: 'CD001', what: 'an ISO 9660 disc, which no Mac installer is' },
];
/** Bytes from the start that hold all of them. */
const HEAD = 0x8006;

/** What a file is by its first bytes, where that is no disk image or package; undefined where they do not tell. */
export async function foreignKind(file: ByteSource): Promise<Foreign | undefined> {
  const bytes = await file.read(0, Math.min(HEAD, file.size));
  const disk = vmDiskSignature(bytes);
  if (disk !== undefined) return { what: `a disk of a virtual machine (${VM_DISK_NAMES[disk]})` };
  const head = Buffer.from(bytes).toString('latin1');
  if (isImage4(head)) return { what: 'firmware (an Image4 payload, IM4P), whatever its name says' };
  return SIGNS.find(({ at, is }) => head.startsWith(is, at));
}

/**
 * DER: a sequence whose first element is the text "IM4P". The files named .dmg in 10.12's EmbeddedOSFirmware.pkg are such
 * (measured).
 */
function isImage4(head: string): boolean {
  const length = head.charCodeAt(1);
  return head.startsWith('0') && head.startsWith('\x16\x04IM4P', length < 0x80 ? 2 : 2 + (length & 0x7f));
}

/** The words for a file that is neither disk image nor package, though some other thing; undefined where it may be a damaged one. */
export async function foreign(path: string, file: ByteSource): Promise<SourceError | undefined> {
  const sign = await foreignKind(file);
  if (!sign && /\.dmg$/i.test(path)) return undefined;
  const found = sign?.what ?? 'a file that is neither a disk image nor a package';
  return new SourceError(`${path}: expected an installer, found ${found}.`, {
    hint: sign?.packed
      ? 'Unpack it, and give what was in it: the installer app or its InstallESD.dmg.'
      : 'Give "Install OS X Yosemite.app", its InstallESD.dmg, or InstallMacOSX.dmg from Apple\'s support pages.',
  });
}
