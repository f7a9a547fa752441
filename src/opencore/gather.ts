import { SourceError, UsageError } from '../errors.js';
import type { FatItem } from '../formats/fat/index.js';
import { readEfiProgram } from '../formats/pe.js';
import { quoteFile } from '../host/quote.js';
import { readHostFile } from '../host/read-file.js';
import { CONFIG_PLIST, checkConfig, enabledDrivers, foreignForm, OWN_VOLUME_HIDDEN } from '../plist/opencore/index.js';
import { parsePlist, plistText } from '../plist/plist.js';
import { isLitter, type Member } from './bundle.js';
import { efiFolderOf } from './efi-files.js';
import { ESP_LABEL, ESP_SIZE, espFiles, type GivenConfig, wholeFolder } from './esp.js';
import { openAllKexts } from './kexts.js';
import { type MakeConfigOptions, makeOpenCoreConfig } from './make-config.js';
import { CONFIG_FILE, type OpenCore, openBundle, openOpenCore } from './open.js';
import { openCoreTitle } from './version.js';

/** What a user asks of an EFI system partition. Paths as given. */
export interface EspRequest {
  /** OpenCore's release as zip or folder, or a folder EFI with it that is configured. */
  readonly openCore?: string | undefined;
  /** The option that gave it, for messages. Default --opencore. */
  readonly option?: '--opencore' | '--zip';
  /** A folder EFI that is taken as it is, with whatever loader. */
  readonly efi?: string | undefined;
  /** With a release: this config.plist, not one made for the release of OS X. */
  readonly config?: string | undefined;
  readonly kexts?: readonly string[] | undefined;
  /** Of OS X: what the config is made for. */
  readonly release?: string | undefined;
  /** PATH=VALUE in that config. */
  readonly set?: readonly string[] | undefined;
  /** The guest's own number in it. */
  readonly systemUuid?: string | undefined;
  /** Bytes of the partition. */
  readonly size?: number | undefined;
}

/** The content of an EFI system partition, in memory. */
export interface Esp {
  readonly items: readonly FatItem[];
  /** Bytes. */
  readonly size: number;
  /** Of the volume. */
  readonly label: string;
  /** "OpenCore 1.0.5 (RELEASE)"; of another loader its file. */
  readonly loader: string;
  /** Where its config comes from. */
  readonly config: 'made' | 'given' | 'none';
  /** What the user should know, as sentences. */
  readonly notes: readonly string[];
}

type Content = Omit<Esp, 'size' | 'label'>;

/** More sentences than this help nobody. */
const MOST_FAULTS = 8;
/** What removable media start by UEFI (UEFI 2.10, 3.5.1.1), in the folder EFI. */
const FALLBACK = 'BOOT/BOOTX64.EFI';

/** Reads everything an EFI system partition is made of. UsageError and SourceError before anything is written. */
export async function gatherEsp(request: EspRequest, { signal }: { readonly signal: AbortSignal }): Promise<Esp> {
  const { openCore, option = '--opencore', efi, size = ESP_SIZE } = request;
  if ((openCore === undefined) === (efi === undefined)) {
    throw new UsageError(
      openCore === undefined ? 'Which loader?' : `${option} and --efi: give one of them.`,
      `${option} OpenCore-X.Y.Z-RELEASE.zip, or --efi DIR for a folder EFI that is ready.`,
    );
  }
  if (efi !== undefined) return { ...(await readyFolder(efi, request, signal)), size, label: ESP_LABEL };
  const given = await openOpenCore(openCore!, { option, signal });
  try {
    return { ...(await fromOpenCore(given, request, signal)), size, label: ESP_LABEL };
  } finally {
    await given.close();
  }
}

async function fromOpenCore(given: OpenCore, request: EspRequest, signal: AbortSignal): Promise<Content> {
  const loader = openCoreTitle(given);
  const { config: path, kexts: paths = [], set = [] } = request;
  if (given.config && path === undefined) {
    if (paths.length > 0 || set.length > 0) throw tooLate(given.name);
    const notes = [`${given.name} is configured already: it is taken as it is.`, ...(await faultsOf(given))];
    return { items: await espFiles(given, undefined, []), loader, config: 'given', notes };
  }
  const opened = await openAllKexts(paths, { option: '--kext', signal });
  try {
    const { kexts } = opened;
    if (path !== undefined) {
      return { items: await espFiles(given, await givenConfig(path), kexts), loader, config: 'given', notes: [] };
    }
    const config = await makeOpenCoreConfig(wishOf(request), kexts);
    return { items: await espFiles(given, config, kexts), loader, config: 'made', notes: config.remarks };
  } finally {
    await opened.close();
  }
}

/** What OpenCore will make of a config that somebody else wrote. Nothing is refused for it: he may know better. */
async function faultsOf({ name, config, files, version }: OpenCore): Promise<string[]> {
  const members = [...files].map(([path, { size, read }]) => ({ path, size, read }));
  const folder = await efiFolderOf(members.filter(({ path }) => files.get(path)?.instead === undefined));
  const { findings } = checkConfig(config!, name, { folder, ...(version !== undefined && { version }) });
  const errors = findings.filter(({ severity }) => severity === 'error');
  const said = errors.slice(0, MOST_FAULTS).map(({ line, message }) => `${CONFIG_FILE}, line ${line}: ${message}`);
  if (errors.length > said.length)
    said.push(`${CONFIG_FILE}: ${errors.length - said.length} more; osx-iso opencore check`);
  return said;
}

/** UsageError where it is not said which release of OS X the config is for. */
function wishOf({ release, set = [], systemUuid }: EspRequest): MakeConfigOptions {
  if (release === undefined) throw new UsageError('For which release of OS X?', '--release 10.10');
  return { release, set, ...(systemUuid !== undefined && { systemUuid }) };
}

function tooLate(name: string): UsageError {
  return new UsageError(
    `${name} is configured already: it takes no kexts and no settings.`,
    'Change its own EFI/OC, or give a release.',
  );
}

async function givenConfig(path: string): Promise<GivenConfig> {
  const bytes = await readHostFile(path, CONFIG_PLIST, { label: '--config ' });
  const foreign = foreignForm(bytes);
  if (foreign !== undefined) {
    throw new SourceError(`--config ${path}: expected XML in UTF-8, which OpenCore reads, found ${foreign}.`, {
      hint: `osx-iso opencore check --fix ${quoteFile(path)} writes it so.`,
    });
  }
  const drivers = enabledDrivers(parsePlist(bytes, path));
  return { xml: plistText(bytes, path), drivers, files: OWN_VOLUME_HIDDEN };
}

/** A folder EFI that is ready: OpenCore's is looked at as such, any other only for the program that firmware starts. */
async function readyFolder(path: string, request: EspRequest, signal: AbortSignal): Promise<Content> {
  const { config, kexts = [], set = [] } = request;
  if (config !== undefined || kexts.length > 0 || set.length > 0) {
    throw new UsageError('--efi takes a folder as it is: a config, kexts and settings are for a release.');
  }
  const bundle = await openBundle(path, { option: '--efi', signal });
  let files: ReadonlyMap<string, Member>;
  try {
    files = filesBelow(bundle.members, path);
    if (![...files.keys()].some((name) => name.toLowerCase() === 'oc/opencore.efi')) {
      const [name, member] = [...files].find(([inside]) => inside.toUpperCase() === FALLBACK)!;
      readEfiProgram(await member.read(), `--efi ${path}: ${name}`);
      return { items: await wholeFolder(files), loader: `EFI/${name}`, config: 'none', notes: [] };
    }
  } finally {
    await bundle.close();
  }
  const openCore = await openOpenCore(path, { option: '--efi', signal });
  try {
    if (openCore.config === undefined) {
      throw new SourceError(`--efi ${path}: expected EFI/${CONFIG_FILE} in it, found none.`, {
        hint: 'A release that is to get one is given by --opencore.',
      });
    }
    return await fromOpenCore(openCore, { openCore: path }, signal);
  } finally {
    await openCore.close();
  }
}

/** The files of the folder EFI by their paths in it: of the folder itself, or of the one in it. */
function filesBelow(members: readonly Member[], path: string): ReadonlyMap<string, Member> {
  for (const root of ['EFI/', '']) {
    const files = new Map<string, Member>();
    for (const member of members) {
      if (!member.path.toUpperCase().startsWith(root) || isLitter(member.path)) continue;
      files.set(member.path.slice(root.length), member);
    }
    if ([...files.keys()].some((name) => name.toUpperCase() === FALLBACK)) return files;
  }
  throw new SourceError(`--efi ${path}: expected EFI/${FALLBACK} in it, found none.`, {
    hint: 'Give the folder EFI itself, or the one that holds it.',
  });
}
