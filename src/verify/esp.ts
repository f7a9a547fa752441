import type { ByteSource } from '../formats/bytes.js';
import type { Disk } from '../formats/disk.js';
import { BOOT_SECTOR_SIZE, checkFat, FatVolume, looksLikeFat } from '../formats/fat/index.js';
import { GuidType, partitionSource } from '../formats/partition-map/index.js';
import { readEfiProgram } from '../formats/pe.js';
import { readWhole } from '../formats/whole.js';
import { type EfiFile, efiFolderOf } from '../opencore/efi-files.js';
import { openCoreTitle, openCoreVersion } from '../opencore/version.js';
import { CONFIG_PLIST, checkConfig, enabledDrivers, type Medium } from '../plist/opencore/index.js';
import { parsePlist } from '../plist/plist.js';
import type { Checks } from './report.js';

const NAME = 'system partition';
/** What firmware starts of a medium that it has not seen before (UEFI 2.10, 3.5.1.1). */
const FALLBACK = ['EFI', 'BOOT', 'BOOTX64.EFI'];
const OPENCORE = ['EFI', 'OC', 'OpenCore.efi'];
const CONFIG = ['EFI', 'OC', 'config.plist'];
const PROGRAM = { what: 'EFI program', most: 64 << 20 };

/** More sentences than this help nobody. */
const MOST_FAULTS = 8;
/** Bytes of a file that a config is judged by. */
const KEXT_FILE = { what: 'property list of a kext', most: 1 << 20 };

/** The loader of the system partition, where there is one. */
export type EspLoader = 'opencore' | 'other';

/**
 * The EFI system partition: that firmware finds its loader there, and OpenCore its config and drivers. Apple's own disks have one that
 * is empty, or has never been formatted: of it nothing is said unless a loader is `expected`.
 */
export async function checkEsp(
  disk: Disk,
  checks: Checks,
  options: { readonly expected: boolean; readonly signal: AbortSignal },
): Promise<EspLoader | undefined> {
  const { expected, signal } = options;
  const nothing = (found: string) => {
    if (expected) checks.fail(NAME, `expected an EFI system partition with a loader, found ${found}`);
    return undefined;
  };
  const partition = disk.map.partitions.find(({ type }) => type === GuidType.efi);
  if (!partition) return nothing('none in the map');
  const source = partitionSource(partition, disk.source);
  const head = source.size < BOOT_SECTOR_SIZE ? new Uint8Array(0) : await source.read(0, BOOT_SECTOR_SIZE);
  if (!looksLikeFat(head)) return nothing('one without a FAT volume');
  const volume = await FatVolume.open(source);
  const program = await volume.file(FALLBACK);
  if (!program) return nothing(`one without ${FALLBACK.join('/')}`);
  readEfiProgram(await readWhole(program, PROGRAM), program.name);
  const findings = await checkFat(volume, signal);
  for (const text of findings) checks.fail(NAME, text);
  const main = await volume.file(OPENCORE);
  const what = main
    ? await openCoreIn(volume, main, { name: disk.source.name, map: disk.map.scheme, stumbles: [] }, checks)
    : 'a loader other than OpenCore';
  if (findings.length === 0) checks.pass(NAME, `FAT${volume.boot.bits}, ${FALLBACK.join('/')}: ${what}`);
  return main ? 'opencore' : 'other';
}

/** OpenCore on the partition: it stops where its config cannot be read or names a driver that is not there. */
async function openCoreIn(volume: FatVolume, main: ByteSource, medium: Medium, checks: Checks): Promise<string> {
  const bytes = await readWhole(main, PROGRAM);
  const known = openCoreVersion(bytes, readEfiProgram(bytes, main.name));
  const { version } = known;
  const title = openCoreTitle(known);
  const config = await volume.file(CONFIG);
  if (!config) {
    checks.fail('OpenCore', `expected ${CONFIG.join('/')}, found none`);
    return title;
  }
  const text = await readWhole(config, CONFIG_PLIST);
  const drivers = enabledDrivers(parsePlist(text, config.name));
  const judged = {
    folder: await efiFolderOf(await filesIn(volume)),
    medium,
    ...(version !== undefined && { version }),
  };
  const faults = checkConfig(text, config.name, judged).findings.filter(({ severity }) => severity === 'error');
  for (const { line, message } of faults.slice(0, MOST_FAULTS)) {
    checks.find('warning', 'OpenCore', `config.plist, line ${line}: ${message}`);
  }
  const absent: string[] = [];
  for (const driver of drivers) {
    if (!(await volume.file(['EFI', 'OC', 'Drivers', ...driver.split('/')]))) absent.push(driver);
  }
  if (absent.length > 0) {
    checks.fail(
      'OpenCore',
      `config.plist names ${absent.join(', ')}, which ${absent.length === 1 ? 'is' : 'are'} not in EFI/OC/Drivers`,
    );
    return title;
  }
  return `${title}; its config.plist names ${drivers.length} drivers, all there`;
}

/** Every file of the folder EFI. */
async function filesIn(volume: FatVolume): Promise<EfiFile[]> {
  const files: EfiFile[] = [];
  for await (const { path, data } of volume.walk(['EFI'])) {
    if (data) files.push({ path: path.slice(1).join('/'), size: data.size, read: () => readWhole(data, KEXT_FILE) });
  }
  return files;
}
