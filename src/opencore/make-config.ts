import { SourceError } from '../errors.js';
import { type OpenCoreConfig, opencoreConfig } from '../plist/opencore/index.js';
import { asDict, parsePlist } from '../plist/plist.js';
import { templateFile } from '../template-files.js';
import { readKextFolder } from './kext-folder.js';

/** What is asked for, as somebody types it. */
export interface MakeConfigOptions {
  /** The system it starts: "10.10", or "10.10.5". */
  readonly release: string;
  /** A name of templates/opencore; default: "default". */
  readonly template?: string;
  /** PATH=VALUE */
  readonly set?: readonly string[];
  /** Folders of kexts. */
  readonly kexts?: readonly string[];
  /** The guest's own; without it a placeholder of zeros. */
  readonly systemUuid?: string;
}

/** config.plist of a release, from a template and kexts of this host. UsageError and SourceError as `opencoreConfig` has them. */
export async function makeOpenCoreConfig(options: MakeConfigOptions): Promise<OpenCoreConfig> {
  const { release, template = 'default', set = [], systemUuid } = options;
  const { bytes, name } = await templateFile('opencore', template);
  const whole = asDict(parsePlist(bytes, name));
  if (!whole) throw new SourceError(`${name}: expected a dictionary.`);
  const kexts = [];
  for (const path of options.kexts ?? []) kexts.push(await readKextFolder(path));
  return opencoreConfig({ release, template: whole, set, kexts, ...(systemUuid !== undefined && { systemUuid }) });
}
