import { SourceError } from '../errors.js';
import { templateFile } from '../host/template-files.js';
import { type GivenKext, INFO_PLIST, type OpenCoreConfig, opencoreConfig } from '../plist/opencore/index.js';
import { asDict, parsePlist } from '../plist/plist.js';
import { tooMuch } from './bundle.js';
import { MOST_INFO, MOST_INFOS } from './efi-files.js';
import { type Kext, openAllKexts } from './kexts.js';

/** What is asked for, as somebody types it. */
export interface MakeConfigOptions {
  /** The system it starts: "10.10", or "10.10.5". */
  readonly release: string;
  /** A name of templates/opencore; default: "default". */
  readonly template?: string;
  /** PATH=VALUE */
  readonly set?: readonly string[];
  /** The guest's own; without it a placeholder of zeros. */
  readonly systemUuid?: string;
}

/** config.plist of a release with these kexts. UsageError and SourceError as `opencoreConfig` has them. */
export async function makeOpenCoreConfig(options: MakeConfigOptions, kexts: readonly Kext[]): Promise<OpenCoreConfig> {
  const { release, template = 'default', set = [], systemUuid } = options;
  const { bytes, name } = await templateFile('opencore', template);
  const whole = asDict(parsePlist(bytes, name));
  if (!whole) throw new SourceError(`${name}: expected a dictionary.`);
  const given = await readKexts(kexts);
  return opencoreConfig({
    release,
    template: whole,
    set,
    kexts: given,
    ...(systemUuid !== undefined && { systemUuid }),
  });
}

/** The same, of kexts at paths of this host: folders that are one, folders or zips that hold some. */
export async function makeOpenCoreConfigOf(
  options: MakeConfigOptions,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<OpenCoreConfig> {
  const opened = await openAllKexts(paths, { option: '--kext', signal });
  try {
    return await makeOpenCoreConfig(options, opened.kexts);
  } finally {
    await opened.close();
  }
}

/** Kexts as data: which files each has, and what its property lists say. One after another: see MOST_INFOS. */
async function readKexts(kexts: readonly Kext[]): Promise<GivenKext[]> {
  const given: GivenKext[] = [];
  let taken = 0;
  for (const { name, files } of kexts) {
    const infos = new Map<string, Uint8Array>();
    for (const [path, member] of files) {
      if (path !== INFO_PLIST && !path.endsWith(`.kext/${INFO_PLIST}`)) continue;
      if (member.size > MOST_INFO) throw tooMuch(`${name}/${path}`, 'bytes', MOST_INFO);
      taken += member.size;
      if (taken > MOST_INFOS) throw tooMuch('property lists of kexts', 'bytes', MOST_INFOS);
      infos.set(path, await member.read());
    }
    given.push({ name, files: [...files.keys()], infos });
  }
  return given;
}
