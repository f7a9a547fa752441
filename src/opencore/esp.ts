import { SourceError } from '../errors.js';
import { fromBytes } from '../formats/bytes.js';
import type { FatItem } from '../formats/fat/index.js';
import { enabledDrivers, type OpenCoreConfig } from '../plist/opencore/index.js';
import { type PlistValue, parsePlist } from '../plist/plist.js';
import { type Member, tooMuch } from './bundle.js';
import type { Kext } from './kexts.js';
import { BOOT_FILE, CONFIG_FILE, DRIVERS, KEXTS, MAIN_FILE, type OpenCore } from './open.js';

/** Bytes of an EFI system partition unless somebody wants another: the smallest round size that is a FAT32. */
export const ESP_SIZE = 40 << 20;
/** Of the partition on an ISO and of an image of its own. */
export const ESP_LABEL = 'EFI';
/** Bytes of everything that is put into one: it is held in memory. */
const MOST_BYTES = 512 << 20;

/** The config that OpenCore is given, and what must lie beside it. */
export type GivenConfig = Pick<OpenCoreConfig, 'xml' | 'drivers' | 'files'>;

/**
 * The files of an EFI system partition that starts OpenCore. From a release only what is needed: its two programs, the drivers that
 * `config` names, the kexts. One that is configured already is taken whole, as it is. SourceError where a driver that is named is not
 * there.
 */
export async function espFiles(
  openCore: OpenCore,
  config: GivenConfig | undefined,
  kexts: readonly Kext[],
): Promise<FatItem[]> {
  if (config === undefined) {
    expectDrivers(openCore, enabledDrivers(configOf(openCore)));
    return wholeFolder(openCore.files);
  }
  expectDrivers(openCore, config.drivers);
  const files = new Files();
  for (const path of [BOOT_FILE, MAIN_FILE, ...config.drivers.map((driver) => `${DRIVERS}/${driver}`)]) {
    await files.add(path, openCore.file(path)!);
  }
  files.put(CONFIG_FILE, new TextEncoder().encode(config.xml));
  for (const [path, text] of Object.entries(config.files))
    files.put(path.replace(/^EFI\//, ''), new TextEncoder().encode(text));
  for (const { name, files: members } of kexts) {
    for (const [path, member] of members) await files.add(`${KEXTS}/${name}/${path}`, member);
  }
  return files.items;
}

/** All files of a folder EFI, whatever loader it is of. */
export async function wholeFolder(members: ReadonlyMap<string, Member>): Promise<FatItem[]> {
  const files = new Files();
  for (const [path, member] of members) await files.add(path, member);
  return files.items;
}

/** Gathers files below EFI, and how much they are. */
class Files {
  readonly items: FatItem[] = [];
  #bytes = 0;

  async add(path: string, member: Member): Promise<void> {
    if (this.#bytes + member.size > MOST_BYTES) throw tooMuch(path, 'bytes in all', MOST_BYTES);
    this.put(path, await member.read());
  }

  put(path: string, bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.items.push({ path: ['EFI', ...path.split('/')], data: fromBytes(bytes, path) });
  }
}

/** The config.plist of one that is configured. FormatError where it is no property list. */
export function configOf({ config, name }: OpenCore): PlistValue {
  if (!config) {
    throw new SourceError(`${name}: expected ${CONFIG_FILE} in it, found none.`, {
      hint: 'A release has none: give it by --opencore, and it gets one.',
    });
  }
  return parsePlist(config, `${name}: ${CONFIG_FILE}`);
}

function expectDrivers(openCore: OpenCore, drivers: readonly string[]): void {
  const absent = drivers.filter((driver) => !openCore.file(`${DRIVERS}/${driver}`));
  if (absent.length === 0) return;
  throw new SourceError(
    `${openCore.name}: expected ${absent.join(', ')} in ${DRIVERS}, found ${absent.length > 1 ? 'none of them' : 'none'}.`,
    {
      hint: 'OpenCore stops where a driver is missing that its config names.',
    },
  );
}
