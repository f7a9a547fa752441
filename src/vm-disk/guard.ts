import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SourceError } from '../errors.js';
import { readVmDisk, type VmDiskReference } from '../formats/vm-disk/index.js';
import { openGiven } from '../host/open-given.js';
import { quoteForSh } from '../host/quote.js';
import { type DiskFormat, diskFormatNamed, diskFormatOf, encrypted } from './format.js';

/** A file by what it is: names can be given to another one. */
export interface FileIdentity {
  readonly path: string;
  readonly dev: bigint;
  readonly ino: bigint;
}

/** A disk of which it is known what QEMU will open for it. */
export interface GuardedDisk {
  /** Absolute. */
  readonly path: string;
  /** To be given to QEMU, which must not guess. */
  readonly format: DiskFormat;
  /** Everything that QEMU opens: the image first, then what it names. */
  readonly files: readonly FileIdentity[];
}

export interface GuardOptions {
  /** What errors call the disk: "--disk mac_hdd.qcow2". Default: its path. */
  readonly label?: string;
  /** Where the user has said it; else the signatures tell. */
  readonly format?: DiskFormat;
  /** Files that the image may name, as the user gave them. */
  readonly backingOk?: readonly string[];
}

/** Images that stand on each other. */
const MAX_FILES = 64;

/**
 * Says which files QEMU will open for a disk, by our own reading. An image does not decide that: SourceError unless every other file
 * it names is a plain file that the user named, too, with a format that the image says; network addresses and QEMU's other
 * pseudo-names never. Opens nothing but those plain files.
 */
export async function guardDisk(path: string, options: GuardOptions = {}): Promise<GuardedDisk> {
  const { label = path, backingOk = [] } = options;
  const allowed = await Promise.all(backingOk.map(expectPlain));
  const files: FileIdentity[] = [await identityOf(resolve(path))];
  const format = options.format ?? (await formatOf(path, label));
  await follow({ path: resolve(path), label, format }, allowed, files);
  return { path: resolve(path), format, files };
}

interface Image {
  readonly path: string;
  readonly label: string;
  readonly format: DiskFormat;
}

async function follow(image: Image, allowed: readonly FileIdentity[], files: FileIdentity[]): Promise<void> {
  const { path, label, format } = image;
  if (format === 'raw') return;
  const file = await openGiven(path, { name: label });
  const facts = await readVmDisk(format, file).finally(() => file.close());
  if (facts.encrypted) throw encrypted(label);
  if (facts.corrupt && files.length === 1) {
    throw new SourceError(`${label}: QEMU has marked this image as damaged.`, {
      hint: `Repair it: qemu-img check -r all ${quoteForSh(path)}`,
    });
  }
  for (const reference of facts.references) {
    const next = await permitted(reference, image, allowed);
    if (files.some((known) => same(known, next.identity))) {
      throw new SourceError(`${label}: ${next.path} stands on itself: it is named at byte ${reference.at} again.`);
    }
    if (files.length >= MAX_FILES) throw new SourceError(`${label}: more than ${MAX_FILES} files stand on each other.`);
    files.push(next.identity);
    await follow({ ...next, label: next.path }, allowed, files);
  }
}

/** The file that is meant, if it may be opened. */
async function permitted(reference: VmDiskReference, { path, label }: Image, allowed: readonly FileIdentity[]) {
  const { role, name, at, format } = reference;
  const where = `named at byte ${at} of ${path}`;
  if (name === '') throw new SourceError(`${label}: it needs a ${role} and does not say which (byte ${at}).`);
  if (hasProtocol(name)) {
    throw new SourceError(`${label}: its ${role} is ${name} (${where}), which is no plain file: it is not opened.`, {
      hint: `If you trust it, make a disk of its own: qemu-img convert -O qcow2 ${quoteForSh(path)} whole.qcow2`,
    });
  }
  // A data file is looked for from the working folder, everything else from the image [measured, QEMU 7.2].
  const full = resolve(role === 'data file' ? '.' : dirname(path), name);
  const found = await stat(full, { bigint: true }).catch(() => undefined);
  const identity = found && identify(full, found);
  if (!identity || !found.isFile() || !allowed.some((file) => same(file, identity))) {
    const missing = found === undefined ? ', and there is no such file' : '';
    throw new SourceError(
      `${label}: its ${role} is another file, ${full} (${where})${missing}: it is not opened unless you name it.`,
      { hint: `If you made it so: --backing-ok ${quoteForSh(full)}` },
    );
  }
  if (format === undefined) {
    throw new SourceError(`${label}: it does not say of what format its ${role} ${full} is: QEMU would guess.`, {
      hint: `Say it in the image: qemu-img rebase -u -F raw -b ${quoteForSh(name)} ${quoteForSh(path)} (or -F qcow2)`,
    });
  }
  return { path: full, identity, format: diskFormatNamed(`${label}: its ${role} is of the format`, format) };
}

/** "nbd://…", "json:…", "fat:…": as QEMU tells them from paths (path_has_protocol). */
function hasProtocol(name: string): boolean {
  return /^[^:/]*:/.test(name);
}

async function formatOf(path: string, label: string): Promise<DiskFormat> {
  const file = await openGiven(path);
  try {
    return await diskFormatOf(file, label);
  } finally {
    await file.close();
  }
}

async function expectPlain(path: string): Promise<FileIdentity> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (found?.isFile()) return identify(resolve(path), found);
  throw new SourceError(`--backing-ok ${path}: ${found ? 'expected a plain file.' : 'no such file.'}`);
}

/** Of a file that may be absent: whoever opens it says so. */
async function identityOf(path: string): Promise<FileIdentity> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found ? identify(path, found) : { path, dev: -1n, ino: -1n };
}

export function identify(path: string, { dev, ino }: BigIntStats): FileIdentity {
  return { path, dev, ino };
}

export function same(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}
