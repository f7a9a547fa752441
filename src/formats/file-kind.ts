import { VM_DISK_NAMES, vmDiskSignature } from './vm-disk/index.js';

/** What a file is by its first bytes, where people give it for a disk image, a package or a boot loader. */
export interface FileKind {
  readonly kind: 'archive' | 'disc' | 'firmware' | 'manifest' | 'page' | 'program' | 'vm-disk';
  /** "a gzip file" */
  readonly what: string;
  /** Of an archive: the command that unpacks it, but for the file's name. */
  readonly unpack?: string;
}

/** Bytes by which a file is known: at an offset from its start, as latin1. */
const SIGNS: readonly (FileKind & { readonly at: number; readonly is: string })[] = [
  { at: 0, is: 'PK\x03\x04', kind: 'archive', what: 'a zip archive', unpack: 'unzip' },
  { at: 0, is: 'Rar!', kind: 'archive', what: 'a rar archive', unpack: 'unrar x' },
  { at: 0, is: "7z\xbc\xaf'\x1c", kind: 'archive', what: 'a 7-Zip archive', unpack: '7z x' },
  { at: 0, is: '\x1f\x8b', kind: 'archive', what: 'a gzip file', unpack: 'gunzip -k' },
  { at: 0, is: 'BZh', kind: 'archive', what: 'a bzip2 file', unpack: 'bunzip2 -k' },
  { at: 0, is: '\xfd7zXZ\0', kind: 'archive', what: 'an xz file', unpack: 'unxz -k' },
  { at: 257, is: 'ustar', kind: 'archive', what: 'a tar archive', unpack: 'tar -xf' },
  { at: 0, is: 'MZ', kind: 'program', what: 'a program for UEFI or Windows' },
  { at: 0, is: '\x7fELF', kind: 'program', what: 'a program for Linux' },
  { at: 0x8001, is: 'CD001', kind: 'disc', what: 'an ISO 9660 disc, which no Mac installer is' },
];
/** Bytes from the start that hold all of them. */
export const FILE_KIND_HEAD = 0x8006;

/** A page of a website, or a server's error (XML, as object stores answer): what a download that went wrong leaves. */
const PAGE = /^(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?<(!doctype html|html|head|body|error)[\s>]/i;
/** How our own manifest begins. */
const MANIFEST = /^\{\s*"schema": \d+,\s*"tool": \{\s*"name": "osx-iso"/;

/**
 * What a file is by its first bytes, FILE_KIND_HEAD of them where it has so many; undefined where they do not tell. A compressed disk
 * image may begin with any of these: ask only of what is none.
 */
export function fileKind(bytes: Uint8Array): FileKind | undefined {
  const disk = vmDiskSignature(bytes);
  if (disk !== undefined) return { kind: 'vm-disk', what: `a disk of a virtual machine (${VM_DISK_NAMES[disk]})` };
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (isImage4(head)) return { kind: 'firmware', what: 'firmware (an Image4 payload, IM4P), whatever its name says' };
  if (PAGE.test(head)) return { kind: 'page', what: 'a web page: the download went wrong' };
  if (MANIFEST.test(head)) return { kind: 'manifest', what: 'the manifest of an ISO' };
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
