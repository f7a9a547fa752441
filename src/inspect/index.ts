import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parsePath } from '../core/names.js';
import type { Scope } from '../core/scope.js';
import { FormatError, HostError, SourceError } from '../errors.js';
import { type ByteSource, chunks } from '../formats/bytes.js';
import { type Entry, HFS_EPOCH, type Path, showPath } from '../formats/entry.js';
import { storedPath } from '../formats/hfsplus/names.js';
import { LINK_TARGET, readWhole } from '../formats/whole.js';
import { openGiven } from '../host/open-given.js';
import { quoteFile } from '../host/quote.js';
import { closeFar, openFar } from '../source/far.js';
import type { Found } from '../source/find.js';
import { isFar, locate } from '../source/locate.js';
import { unwrap } from '../source/unwrap.js';
import { extract } from './extract.js';
import { openLayers } from './layers.js';
import type { Layer, Opened } from './opened.js';
import { type Recognised, recognise, recogniseThere } from './recognise.js';

export type { Layer } from './opened.js';

export interface InspectOptions {
  /** A path inside, POSIX; it may lead through containers: /Packages/Essentials.pkg/System/Library/Kernels. */
  readonly inside?: string;
  /** Where on the host what `inside` names is extracted to. Must not exist. */
  readonly output?: string;
  /** Of a disk: look into the volume in this partition. Default: its HFS+ volume, else its FAT volume. */
  readonly partition?: number;
  readonly signal: AbortSignal;
  /** Where what is extracted is written down while it is unfinished. */
  readonly scope?: Scope;
}

/** One line of a listing. */
export interface Listed {
  readonly path: string;
  readonly kind: Entry['kind'];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the data fork as stored. */
  readonly size: number;
  /** Unix seconds. */
  readonly modified: number;
  readonly target?: string;
}

export interface Inspection {
  readonly file: string;
  /** Which installer it is, where it is one and all of it was asked for. */
  readonly installer?: { readonly release: string; readonly kind: string; readonly notes: readonly string[] };
  /** The containers from the outside in. */
  readonly layers: readonly Layer[];
  /** What is at `inside` (default: the root), one level deep. */
  readonly listing: readonly Listed[];
  /** There is more in the folder than is listed. */
  readonly more?: true;
  readonly extracted?: { readonly path: string; readonly files: number; readonly bytes: number };
}

/** More than this is no listing for people; it is said that there is more. */
const MOST_LISTED = 10_000;
/** Containers in containers: a dmg in a pkg in a dmg is three. */
const DEEPEST = 8;

/** Opens whatever a path leads to, and lists or extracts what is inside. SourceError and FormatError as they are met. */
export async function inspect(path: string, options: InspectOptions): Promise<Inspection> {
  const whole = options.inside === undefined && options.output === undefined;
  const top = await openTop(path, options.signal, { recognised: whole });
  const { file, recognised } = top;
  const installer = recognised && 'release' in recognised ? { installer: recognised } : {};
  try {
    const wanted = options.inside === undefined ? [] : wantedPath(options.inside);
    const { opened, layers, rest, prove, target } = await found(file, wanted, options.partition);
    if (!target) {
      throw new SourceError(`${file.name}: nothing is at ${options.inside}.`, {
        hint: `osx-iso inspect ${quoteFile(path)} lists what there is.`,
      });
    }
    if (options.output !== undefined) {
      await prove(options.signal);
      const extracted = await extract(opened, rest, options.output, options);
      return { file: path, layers, listing: [], extracted };
    }
    return { file: path, ...installer, layers, ...(await list(opened, target, options.signal)) };
  } finally {
    await top.close();
  }
}

/** Hands the content of one file inside to `write`, front to back. */
export async function readInside(
  path: string,
  inside: string,
  write: (part: Uint8Array) => Promise<void>,
  { signal, partition }: Pick<InspectOptions, 'signal' | 'partition'>,
): Promise<void> {
  const top = await openTop(path, signal, { recognised: false });
  const { file } = top;
  try {
    const { opened, prove, target } = await found(file, wantedPath(inside), partition);
    const source = target && (await opened.content(target));
    if (!source) throw new SourceError(`${file.name}: no file is at ${inside}.`);
    await prove(signal);
    for await (const part of chunks(source)) {
      signal.throwIfAborted();
      await write(part);
      source.observe?.(part);
    }
  } finally {
    await top.close();
  }
}

function wantedPath(inside: string): Path {
  return storedPath(showPath(parsePath(inside)));
}

/** What was given, opened. */
interface Top {
  readonly file: ByteSource;
  /** Where it was asked for. */
  readonly recognised?: Recognised;
  close(): Promise<void>;
}

/** Opens what was given, once where that is on a server, and looks which installer it is where that is `wanted`. */
async function openTop(path: string, signal: AbortSignal, wanted: { readonly recognised: boolean }): Promise<Top> {
  const found = await locate(path);
  if (isFar(found)) {
    const far = await openFar(found, { signal });
    const top = { file: far.lead, close: () => closeFar(far) };
    try {
      return wanted.recognised ? { ...top, recognised: await recogniseThere(far) } : top;
    } catch (error) {
      await top.close();
      throw error;
    }
  }
  const recognised = wanted.recognised ? await recognise(found, signal) : undefined;
  const file = await openHere(found, path, signal).catch((error: unknown) => {
    // What build would say of it is more to the point than that it cannot be opened.
    throw recognised && 'reason' in recognised && !(error instanceof HostError) ? recognised.reason : error;
  });
  return { file, close: () => file.close(), ...(recognised && { recognised }) };
}

/** An app stands for the disk image it is made around. */
async function openHere(found: Found, path: string, signal: AbortSignal) {
  if (!found.isFolder) return openGiven(found.path, { signal });
  for (const inner of [
    'Contents/SharedSupport/InstallESD.dmg',
    'Contents/SharedSupport/SharedSupport.dmg',
    'InstallESD.dmg',
  ]) {
    const candidate = join(found.path, inner);
    if ((await stat(candidate).catch(() => undefined))?.isFile()) return openGiven(candidate, { signal });
  }
  throw new SourceError(`${path}: expected an installer app or a disk image, found a folder without one.`);
}

/** Where a path leads. */
interface Descent {
  readonly opened: Opened;
  readonly layers: readonly Layer[];
  /** The path inside `opened`. */
  readonly rest: Path;
  /** See Opened.prove; of all containers on the way. */
  prove(signal: AbortSignal): Promise<void>;
}

/**
 * What is at a path. Of a download of Apple's, whose image has nothing but a package with InstallESD.dmg, it may begin in the outermost
 * or, as of an app, in that.
 */
async function found(file: ByteSource, wanted: Path, partition: number | undefined) {
  const descent = await descend(file, wanted, partition);
  const target = await descent.opened.entry(descent.rest);
  const inner = target || partition !== undefined ? undefined : await wrapped(file);
  if (!inner) return { ...descent, target };
  const further = await descend(inner, wanted, undefined);
  const layers = [...descent.layers, ...further.layers];
  return { ...further, layers, target: await further.opened.entry(further.rest) };
}

/** The image at the end of a chain of containers; undefined where there is no such chain. */
async function wrapped(file: ByteSource): Promise<ByteSource | undefined> {
  try {
    const { image, through } = await unwrap(file, file.name);
    return through.length > 0 ? image : undefined;
  } catch (error) {
    if (!(error instanceof SourceError || error instanceof FormatError)) throw error;
    return undefined;
  }
}

/** Follows a path through containers as far as it leads. */
async function descend(file: ByteSource, wanted: Path, partition: number | undefined): Promise<Descent> {
  let opened = await openLayers(file, { ...(partition !== undefined && { partition }) });
  const layers = [...opened.layers];
  const proofs: ((signal: AbortSignal) => Promise<void> | undefined)[] = [];
  let rest = wanted;
  for (let depth = 1; depth < DEEPEST; depth++) {
    const found = await fileOnTheWay(opened, rest);
    const inner = found && (await opened.content(found));
    if (!inner) break;
    const outer = opened;
    proofs.push((signal) => outer.prove?.(found.path, signal));
    opened = await openLayers(inner);
    layers.push(...opened.layers);
    rest = rest.slice(found.path.length);
  }
  const innermost = opened;
  const prove = async (signal: AbortSignal) => {
    for (const proof of proofs) await proof(signal);
    await innermost.prove?.(rest, signal);
  };
  return { opened, layers, rest, prove };
}

/** The first file on a path that more names follow. */
async function fileOnTheWay(opened: Opened, path: Path): Promise<Entry | undefined> {
  for (let length = 1; length < path.length; length++) {
    if (!/\.(dmg|pkg|mpkg|iso|cdr|sparseimage)$/i.test(path[length - 1]!)) continue;
    const entry = await opened.entry(path.slice(0, length));
    if (entry?.kind === 'file') return entry;
  }
  return undefined;
}

async function list(opened: Opened, target: Entry, signal: AbortSignal): Promise<Pick<Inspection, 'listing' | 'more'>> {
  if (target.kind !== 'folder') return { listing: [await line(target)] };
  const depth = target.path.length + 1;
  const listing: Listed[] = [];
  for await (const entry of opened.tree.walk(target.path)) {
    signal.throwIfAborted();
    if (entry.path.length !== depth || entry.again) continue;
    if (listing.length >= MOST_LISTED) return { listing, more: true };
    listing.push(await line(entry));
  }
  return { listing };
}

async function line(entry: Entry): Promise<Listed> {
  const target =
    entry.kind === 'symlink' && entry.data && entry.data.size <= LINK_TARGET.most
      ? await readWhole(entry.data, LINK_TARGET)
      : undefined;
  return {
    path: showPath(entry.path),
    kind: entry.kind,
    mode: entry.bsd.mode,
    uid: entry.bsd.uid,
    gid: entry.bsd.gid,
    size: entry.data?.size ?? 0,
    modified: entry.dates.modified - HFS_EPOCH,
    ...(target && { target: Buffer.from(target).toString('utf8') }),
  };
}
