import type { PlistDict } from '../../plist.js';
import type { Judge } from '../judge.js';
import type { ConfigPath } from '../path.js';

/** A driver in the list. */
interface Driver {
  readonly name: string;
  readonly path: ConfigPath;
  readonly enabled: boolean;
  readonly entry: PlistDict;
}

const LIST: ConfigPath = ['UEFI', 'Drivers'];
export const RUNTIME = 'OpenRuntime.efi';
export const OPEN_HFS = 'OpenHfsPlus.efi';
export const PARTITIONS = 'OpenPartitionDxe.efi';
/** Only these may be loaded before the others (code: ocvalidate). */
const EARLY = ['OpenVariableRuntimeDxe.efi', RUNTIME];
/** Quirks that are done by OpenRuntime.efi (code: ocvalidate). */
const BY_RUNTIME = [
  'Booter/Quirks/ClearTaskSwitchBit',
  'Booter/Quirks/DisableVariableWrite',
  'Booter/Quirks/EnableWriteUnprotector',
  'Booter/Quirks/ProvideCustomSlide',
  'UEFI/Quirks/RequestBootVarRouting',
];

/** The list of drivers against what is needed, against itself, and against the folder. */
export function judgeDrivers(judge: Judge): void {
  const drivers = judge.entries('UEFI/Drivers').map(
    ({ entry, path, enabled }): Driver => ({
      name: typeof entry.Path === 'string' ? entry.Path.trim() : '',
      path,
      enabled,
      entry,
    }),
  );
  const loaded = drivers.filter(({ enabled, name }) => enabled && name !== '');
  needed(judge, loaded);
  order(judge, loaded);
  folder(judge, drivers);
}

const has = (loaded: readonly Driver[], name: string) =>
  loaded.some((driver) => driver.name.toLowerCase() === name.toLowerCase());

function needed(judge: Judge, loaded: readonly Driver[]): void {
  const { medium } = judge.options;
  const lacks = (severity: 'error' | 'warning', name: string, why: string) =>
    judge.note(severity, 'driver-needed', LIST, `${name} is not loaded: ${why}.`, turnedOn(judge, name));
  const hfs = loaded.find(({ name }) => /hfs/i.test(name));
  if (!hfs) lacks('error', OPEN_HFS, 'OpenCore reads no HFS+ volume without a driver for it');
  else if (/^HfsPlus\.efi$/i.test(hfs.name)) {
    const message = `${hfs.name} is Apple's own driver: it wants a processor with RDRAND, AVX and XSAVE, and no picker appears on core2duo and Penryn (measured). ${OPEN_HFS} runs on all.`;
    judge.note('warning', 'driver-needed', hfs.path, message);
  }
  if (hfs && judge.value('UEFI/ConnectDrivers') !== true) {
    const message = `ConnectDrivers is off: ${hfs.name} is loaded and given no disk.`;
    judge.note(
      'error',
      'connect-drivers',
      ['UEFI', 'ConnectDrivers'],
      message,
      judge.setting(['UEFI', 'ConnectDrivers'], true),
    );
  }
  if (!has(loaded, PARTITIONS) && medium?.map !== 'gpt') {
    const why =
      medium?.map === 'apm'
        ? `${medium.name} has an Apple map, and nothing else reads those`
        : 'nothing else reads Apple maps, which disks of 10.6 to 10.10 have';
    lacks(medium?.map === 'apm' ? 'error' : 'warning', PARTITIONS, why);
  }
  const quirks = BY_RUNTIME.filter((quirk) => judge.value(quirk) === true);
  if (!has(loaded, RUNTIME)) {
    const done =
      quirks.length > 0
        ? `it does what ${quirks.map((quirk) => quirk.split('/').at(-1)).join(', ')} ask for`
        : 'boot.efi gets memory and variables from it';
    lacks(quirks.length > 0 ? 'error' : 'warning', RUNTIME, done);
  }
}

/** The entry that is there and off, switched on, unless its file is known to be missing. */
function turnedOn(judge: Judge, name: string) {
  if (judge.hasFile(`OC/Drivers/${name}`) === false) return undefined;
  const found = judge.entries('UEFI/Drivers').find(({ entry }) => entry.Path === name);
  return found && judge.setting([...found.path, 'Enabled'], true);
}

function order(judge: Judge, loaded: readonly Driver[]): void {
  const seen = new Set<string>();
  for (const { name, path, entry } of loaded) {
    if (seen.has(name.toLowerCase())) {
      const message = `${name} is loaded twice.`;
      judge.note('error', 'driver-order', path, message, judge.setting([...path, 'Enabled'], false));
    }
    seen.add(name.toLowerCase());
    if (entry.LoadEarly === true && !EARLY.includes(name)) {
      const message = `LoadEarly is for ${EARLY.join(' and ')}: ${name} comes before what it needs.`;
      judge.note(
        'error',
        'driver-order',
        [...path, 'LoadEarly'],
        message,
        judge.setting([...path, 'LoadEarly'], false),
      );
    }
  }
  const canopy = loaded.find(({ name }) => name === 'OpenCanopy.efi');
  if (canopy && judge.value('Misc/Boot/PickerMode') !== 'External') {
    const message = 'OpenCanopy.efi is the picker of PickerMode External, and that is another.';
    judge.note('warning', 'quirk-without-effect', canopy.path, message);
  }
}

/** With the default HaltLevel OpenCore stops at a driver that is not there (code: OcLoadDrivers reports an error). */
function folder(judge: Judge, drivers: readonly Driver[]): void {
  const { folder: given } = judge.options;
  if (!given) return;
  for (const { name, path, enabled } of drivers) {
    if (!enabled || name === '' || judge.hasFile(`OC/Drivers/${name}`) !== false) continue;
    const message = `${name} is not in EFI/OC/Drivers: OpenCore stops there.`;
    // Without these nothing starts either: what helps is the file.
    const vital = [RUNTIME, OPEN_HFS, PARTITIONS].includes(name);
    const off = vital ? undefined : judge.setting([...path, 'Enabled'], false, `: ${name} is not there`);
    judge.note('error', 'driver-missing', path, message, off);
  }
  const listed = new Set(drivers.map(({ name }) => name.toLowerCase()));
  for (const file of given.files) {
    const name = /^OC\/Drivers\/([^/]+\.efi)$/i.exec(file)?.[1];
    if (name === undefined || name.startsWith('.') || listed.has(name.toLowerCase())) continue;
    judge.note(
      'warning',
      'driver-not-listed',
      LIST,
      `${name} lies in EFI/OC/Drivers and is not in the list: it is not loaded.`,
    );
  }
}
