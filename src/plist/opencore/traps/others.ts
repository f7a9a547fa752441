import { plistString } from '../../plist.js';
import type { Judge } from '../judge.js';
import type { ConfigPath } from '../path.js';
import { OPEN_HFS } from './drivers.js';

/** Lists of Sample.plist that hold nothing but examples, and the key that says which file an entry is about. */
const LISTS: readonly { readonly path: string; readonly file?: string; readonly folder?: string }[] = [
  { path: 'ACPI/Add', file: 'Path', folder: 'OC/ACPI' },
  { path: 'ACPI/Delete' },
  { path: 'ACPI/Patch' },
  { path: 'Booter/MmioWhitelist' },
  { path: 'Booter/Patch' },
  { path: 'Kernel/Block' },
  { path: 'Kernel/Force' },
  { path: 'Kernel/Patch' },
  { path: 'Misc/Entries' },
  { path: 'Misc/Tools', file: 'Path', folder: 'OC/Tools' },
  { path: 'UEFI/ReservedMemory' },
];

/** What marks entries of Sample.plist: their comments and the files they name. */
const EXAMPLES: ReadonlySet<string> = new Set([
  ...['DSDT.aml', 'SSDT-1.aml', 'SSDT-ALS0.aml', 'SSDT-AWAC-DISABLE.aml', 'SSDT-BRG0.aml', 'SSDT-EC-USBX.aml'],
  ...['SSDT-EC.aml', 'SSDT-EHCx-DISABLE.aml', 'SSDT-IMEI.aml', 'SSDT-PLUG.aml', 'SSDT-PMC.aml', 'SSDT-PNLF.aml'],
  ...['SSDT-RTC0-RANGE.aml', 'SSDT-RTC0.aml', 'SSDT-SBUS-MCHC.aml', 'SSDT-UNC.aml', 'memtest86/BOOTX64.efi'],
  ...['Delete CpuPm', 'Delete Cpu0Ist', 'Replace one byte sequence with another', 'macOS to hacOS'],
  ...['Print K and dead loop', 'Early reboot', 'HD3000: IGPU memory corruption errata'],
]);

/** The four kexts that are on in Sample.plist and that no release of OpenCore contains. */
const SAMPLE_KEXTS = ['Lilu.kext', 'VirtualSMC.kext', 'WhateverGreen.kext', 'AppleALC.kext'];

/** Entries of Sample.plist that were left in: with files that are not there they halt the start (code, reported). */
export function judgeExamples(judge: Judge): void {
  for (const { path: list, file, folder } of LISTS) {
    for (const { entry, path, enabled } of judge.entries(list)) {
      if (!enabled) continue;
      const named = file === undefined ? undefined : plistString(entry, file);
      const off = judge.setting([...path, 'Enabled'], false);
      if (named !== undefined && judge.hasFile(`${folder}/${named}`) === false) {
        judge.note('error', 'file-missing', path, `${named} is not in EFI/${folder}.`, off);
      } else if (judge.hasFile(`${folder}/${named}`) !== true && isExample(named, plistString(entry, 'Comment'))) {
        const what = named ?? plistString(entry, 'Comment');
        judge.note('error', 'example-entry', path, `"${what}" is an example of Sample.plist: switch it off.`, off);
      }
    }
  }
  if (judge.options.folder) return;
  const kexts = judge.entries('Kernel/Add').filter(({ enabled }) => enabled);
  const names = kexts.map(({ entry }) => plistString(entry, 'BundlePath'));
  if (names.length !== SAMPLE_KEXTS.length || !SAMPLE_KEXTS.every((name) => names.includes(name))) return;
  const message = `${SAMPLE_KEXTS.join(', ')} are the examples of Sample.plist: OpenCore stops at one that is not in EFI/OC/Kexts, and comes with none of them.`;
  judge.note('warning', 'example-entry', ['Kernel', 'Add'], message);
}

function isExample(...texts: readonly (string | undefined)[]): boolean {
  return texts.some((text) => text !== undefined && EXAMPLES.has(text));
}

/** Keys that do nothing without others (code: ocvalidate). */
const NEEDS: readonly { readonly key: string; readonly needs: string; readonly why: string }[] = [
  ...['AllowRelocationBlock', 'EnableSafeModeSlide'].map((quirk) => ({
    key: `Booter/Quirks/${quirk}`,
    needs: 'Booter/Quirks/ProvideCustomSlide',
    why: 'it is a part of it',
  })),
  { key: 'Misc/Boot/PickerAudioAssist', needs: 'UEFI/Audio/AudioSupport', why: 'nothing plays without it' },
];
/** Of the System renderers alone. */
const OF_SYSTEM = ['ClearScreenOnModeSwitch', 'IgnoreTextInGraphics', 'ReplaceTabWithSpace', 'SanitiseClearScreen'];

/** What is switched on and has no effect as the rest is. */
export function judgeEffects(judge: Judge): void {
  for (const { key, needs, why } of NEEDS) {
    if (judge.value(key) !== true || judge.value(needs) === true) continue;
    const message = `${key} needs ${needs}: ${why}.`;
    judge.note('warning', 'quirk-without-effect', key.split('/'), message, judge.setting(needs.split('/'), true));
  }
  const renderer = judge.value('UEFI/Output/TextRenderer');
  for (const name of OF_SYSTEM) {
    if (judge.value(`UEFI/Output/${name}`) !== true || String(renderer).startsWith('System')) continue;
    const message = `${name} is of the System renderers, and TextRenderer is ${renderer}: it does nothing.`;
    judge.note('warning', 'quirk-without-effect', ['UEFI', 'Output', name], message);
  }
  const gone = ['MinDate', 'MinVersion'].filter((name) => judge.value(`UEFI/APFS/${name}`) === 0);
  if (gone.length === 0 || judge.value('UEFI/APFS/EnableJumpstart') !== true) return;
  for (const name of gone) {
    const path: ConfigPath = ['UEFI', 'APFS', name];
    const message = `${name} is 0: OpenCore loads no APFS driver of before 2021, which those of 10.13 to 10.15 are. Write -1.`;
    judge.note('warning', 'apfs-minimum', path, message, judge.setting(path, -1));
  }
}

/** What these drivers make of the disk that is to be started. The limits of the volume are those of OpenCore's own HFS+ driver. */
export function judgeMedium(judge: Judge): void {
  const { medium } = judge.options;
  if (!medium) return;
  const own = judge.entries('UEFI/Drivers').some(({ entry, enabled }) => enabled && entry.Path === OPEN_HFS);
  const said = [...(medium.blind === undefined ? [] : [medium.blind]), ...(own ? medium.stumbles : [])];
  for (const text of said) judge.note('error', 'medium', ['UEFI', 'Drivers'], `${medium.name}: ${text}.`);
}
