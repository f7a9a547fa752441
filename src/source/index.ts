import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { openDisk, openVolume } from '../formats/disk.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import type { Signer } from '../formats/xar/index.js';
import { openGiven } from '../host/open-given.js';
import { MANIFEST } from '../host/own-files.js';
import { readJsonObject } from '../host/read-file.js';
import { aboutSigner } from '../known/index.js';
import { readSystemVersion, type SystemVersion, versionOnMedium } from '../known/system-version.js';
import { installerTitle, majorVersion, releaseTitle } from '../releases.js';
import type { RemoteFile } from '../remote/remote-file.js';
import { closeFar, type FarFiles, type FarOptions, openFar } from './far.js';
import { InstallerFiles } from './files.js';
import type { FindOptions, Found } from './find.js';
import { addCompanions, type FolderKind, openFolder } from './folder.js';
import { type FarLocated, isFar, type Located, locate } from './locate.js';
import { cutShort, finished, unfinished } from './misfits.js';
import { BASE_SYSTEM, COMPANIONS, DVD, ESD, INSTALL_INFO, SHARED_SUPPORT } from './paths.js';
import { type Unwrapped, unwrap } from './unwrap.js';
import { signerOnMedium, statedVersion } from './witnesses.js';

export type { Choose } from './find.js';
export { isFar, type Located, locate } from './locate.js';

/** How an installer is found and read. */
export interface OpenOptions extends FindOptions, Omit<FarOptions, 'signal'> {}

/** An installer that was recognised. */
export interface Installer extends SystemVersion {
  /** What was given: "app", "folder", "dmg", or the chain that leads to InstallESD.dmg: "dmg > pkg > dmg". */
  readonly kind: string;
  /** The installer's own name: of the app, of the file; not of a folder around it. */
  readonly name: string;
  /** What was given, as an absolute path or a URL. */
  readonly path: string;
  /** What the ISO is named after: "Install OS X Yosemite". */
  readonly title: string;
  /** `app:` of the recipe. The caller closes it. */
  readonly files: InstallerFiles;
  /** Bytes of the pieces the ISO is made of, for plans and for the space that is needed. */
  readonly sizes: Sizes;
  /** InstallESD.dmg, or the DVD: what published checksums are of. */
  readonly image: ByteSource;
  /** Who signed the installer's own package, and until when it is taken. */
  readonly signer?: Signer;
  /** What is odd about it without being in the way, as sentences. */
  readonly notes: readonly string[];
  /** Its files, where they are on a server. */
  readonly remote?: readonly RemoteFile[];
}

export interface Sizes {
  readonly esd: number;
  readonly baseSystemImage: number;
  readonly base: number;
  readonly packages: number;
}

/**
 * Recognises what was given with --app and reads which release it is from the system inside, never from a name. SourceError, with
 * what was found instead, otherwise.
 */
export async function openInstaller(given: string | undefined, options: OpenOptions = {}): Promise<Installer> {
  return openLocated(await locate(given, options), options);
}

/** The same of something that was located. */
export async function openLocated(located: Located, options: OpenOptions = {}): Promise<Installer> {
  return isFar(located) ? openThere(located, options) : openHere(located, options);
}

async function openHere(found: Found, options: OpenOptions): Promise<Installer> {
  const files = new InstallerFiles(basename(found.path));
  try {
    const folder = found.isFolder ? await openFolder(found.path, files, options) : undefined;
    const path = folder?.file ?? found.path;
    if (!folder) refuseUnfinished(path);
    const top = files.hold(await openGiven(path, options));
    if (top.size === 0) throw cutShort(path, 'it is empty');
    if (!folder) await refuseBeside(path);
    const unwrapped = await unwrap(top, path);
    // The image alone was given, or the package a catalogue has it in: what belongs to it lies in the same folder, if anywhere.
    if (!folder && unwrapped.through.every((form) => form === 'pkg'))
      await addCompanions(dirname(path), files, options);
    return await recognised(files, unwrapped, found.path, folder);
  } catch (error) {
    await files.close();
    throw error;
  }
}

async function openThere(located: FarLocated, options: OpenOptions): Promise<Installer> {
  const far = await openFar(located, options);
  try {
    const installer = await installerThere(far);
    installer.files.hold({ close: () => closeFar(far) });
    return installer;
  } catch (error) {
    await closeFar(far);
    throw error;
  }
}

/** The files of an installer on a server are one source, as those in a folder are. They stay the caller's to close. */
export async function installerThere({ lead, beside }: FarFiles): Promise<Installer> {
  const files = new InstallerFiles(lead.name);
  for (const [name, file] of beside) files.add(`${SHARED_SUPPORT}/${name}`, file);
  const installer = await recognised(files, await unwrap(lead, lead.url), lead.url);
  const remote = [lead, ...beside.values()];
  const notes = remote.some(({ url }) => url.startsWith('http:')) ? [...installer.notes, PLAIN_HTTP] : installer.notes;
  return { ...installer, notes, remote };
}

const PLAIN_HTTP =
  'It comes over plain http, which anybody on the way can change: what proves it are its signature and the published checksums.';

async function recognised(
  files: InstallerFiles,
  unwrapped: Unwrapped,
  path: string,
  folder?: FolderKind,
): Promise<Installer> {
  for (const name of COMPANIONS) {
    const inside = unwrapped.beside.get(name);
    if (inside) files.add(`${SHARED_SUPPORT}/${name}`, inside);
  }
  const { kind, image, through } = unwrapped;
  files.add(kind === 'dvd' ? DVD : ESD, image);
  const known = await lookInside(files, unwrapped, path);
  const signer = await signerOnMedium(unwrapped.volume);
  const chain = [...through, 'dmg'].join(' > ');
  return {
    ...known,
    kind: kind === 'dvd' ? [...through, 'dvd'].join(' > ') : folder && through.length === 0 ? folder.kind : chain,
    name: folder?.name ?? files.name,
    path,
    files,
    image,
    ...(signer && { signer }),
    notes: [...(await contradictions(files, known)), ...(signer ? aboutSigner(signer) : [])],
    title: installerTitle(known.version),
  };
}

/** A manifest as anybody may have written it. */
interface Beside {
  readonly tool?: { readonly name?: unknown } | null;
  readonly source?: { readonly release?: unknown } | null;
}

function refuseUnfinished(path: string): void {
  const half = unfinished(path);
  if (half) throw half;
}

/** What lies beside a file that can be read tells, too. */
async function refuseBeside(path: string): Promise<void> {
  for (const ending of ['.part', '.aria2', '.crdownload']) {
    if (await stat(`${path}${ending}`).catch(() => undefined)) {
      throw cutShort(path, `${basename(path)}${ending} lies beside it, so the download has not ended`);
    }
  }
  // An ISO that a manifest of ours describes.
  const manifest: Beside = await readJsonObject(`${path}.json`, MANIFEST).catch(() => ({}));
  if (manifest.tool?.name !== 'osx-iso') return;
  const { release } = manifest.source ?? {};
  throw finished(path, typeof release === 'string' ? release : 'OS X');
}

/** Reads release and sizes from the Base System, which is in InstallESD.dmg or, from 10.13 on, beside it; or from the disk itself. */
async function lookInside(
  files: InstallerFiles,
  { kind, image, partition, volume }: Unwrapped,
  path: string,
): Promise<SystemVersion & { sizes: Sizes }> {
  if (kind === 'dvd') {
    const system = await readSystemVersion(volume);
    return { ...system, sizes: { esd: image.size, baseSystemImage: 0, base: partition.source.size, packages: 0 } };
  }
  const inEsd = await volume.file(['BaseSystem.dmg']);
  const source = inEsd ?? (await files.file(BASE_SYSTEM.split('/')));
  if (!source) {
    throw new SourceError(`${path}: expected BaseSystem.dmg in InstallESD.dmg or beside it, found none.`, {
      hint: 'From macOS 10.13 on it lies beside: give the whole app, or a folder with InstallESD.dmg, BaseSystem.dmg and BaseSystem.chunklist.',
    });
  }
  if (inEsd && (await volume.entry(['mach_kernel']))) {
    // Bootable by itself: the disk is the medium.
    const system = await versionOnMedium(volume);
    return { ...system, sizes: { esd: image.size, baseSystemImage: 0, base: partition.source.size, packages: 0 } };
  }
  const base = await openVolume(await openDisk(source));
  const system = await readSystemVersion(base.volume);
  files.date = await dateOf(base.volume);
  let packages = 0;
  for await (const entry of volume.walk(['Packages']))
    packages += (entry.data?.size ?? 0) + (entry.resource?.size ?? 0);
  const sizes = { esd: image.size, baseSystemImage: source.size, base: base.partition.source.size, packages };
  return { ...system, sizes };
}

async function dateOf(volume: HfsVolume): Promise<number> {
  const entry = await volume.entry(['System', 'Library', 'CoreServices', 'SystemVersion.plist']);
  return entry?.dates.modified ?? volume.header.created;
}

/** InstallInfo.plist is a second witness of the version, less trusted than the system itself. */
async function contradictions(files: InstallerFiles, { version, build }: SystemVersion): Promise<string[]> {
  const info = await files.file(INSTALL_INFO.split('/'));
  const stated = info && (await statedVersion(info));
  if (stated === undefined || stated === version) return [];
  const how = majorVersion(stated) === majorVersion(version) ? 'another edition of it' : 'another release';
  return [
    `InstallInfo.plist says ${stated}, the system inside is ${releaseTitle(version, build)}: the parts come from ${how}, perhaps from two downloads.`,
  ];
}
