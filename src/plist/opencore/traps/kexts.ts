import { FormatError } from '../../../errors.js';
import { asDict, type PlistDict, parsePlist, plistString } from '../../plist.js';
import type { Mend } from '../findings.js';
import type { Judge } from '../judge.js';
import { type Bundle, INFO_PLIST, inOrder, LILU, librariesOf, VIRTUAL_SMC } from '../kexts.js';
import type { ConfigPath } from '../path.js';

/** A kext of Kernel/Add that is injected. */
interface Injected extends Bundle {
  readonly path: ConfigPath;
  readonly entry: PlistDict;
}

/** What kexts everybody has link against, for where their property lists are not at hand (code: ocvalidate's table). */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = Object.fromEntries([
  ...[
    ...['VirtualSMC', 'WhateverGreen', 'AppleALC', 'AppleALCU', 'AirportBrcmFixup', 'BrightnessKeys', 'CpuTscSync'],
    ...['CPUFriend', 'CryptexFixup', 'DebugEnhancer', 'HibernationFixup', 'NVMeFix', 'RestrictEvents'],
    ...['RTCMemoryFixup', 'FeatureUnlock', 'MacHyperVSupport', 'BlueToolFixup'],
  ].map((name) => [`${name}.kext`, [LILU]]),
  ...['SMCBatteryManager', 'SMCDellSensors', 'SMCLightSensor', 'SMCProcessor', 'SMCSuperIO'].map((name) => [
    `${name}.kext`,
    [LILU, VIRTUAL_SMC],
  ]),
]);
const NAMES: Readonly<Record<string, string>> = { [LILU]: 'Lilu.kext', [VIRTUAL_SMC]: 'VirtualSMC.kext' };

/** The kexts that are injected: their order, their files, and what Lilu needs besides. */
export function judgeKexts(judge: Judge): void {
  const all = judge.entries('Kernel/Add');
  const injected = all.filter(({ enabled }) => enabled).map(({ entry, path }) => injectedOf(judge, entry, path));
  for (const kext of injected) if (judge.options.folder) files(judge, kext);
  order(judge, injected);
  if (judge.options.folder) notListed(judge, all);
  const lilu = injected.find(({ bundlePath }) => bundlePath === 'Lilu.kext');
  if (lilu && judge.value('Kernel/Quirks/DisableLinkeditJettison') !== true) {
    const path = ['Kernel', 'Quirks', 'DisableLinkeditJettison'];
    const message = 'Lilu.kext patches by symbols, which the kernel throws away unless DisableLinkeditJettison is on.';
    judge.note('error', 'kext-quirk', path, message, judge.setting(path, true));
  }
}

function injectedOf(judge: Judge, entry: PlistDict, path: ConfigPath): Injected {
  const bundlePath = plistString(entry, 'BundlePath')?.trim() ?? '';
  const executablePath = plistString(entry, 'ExecutablePath')?.trim() ?? '';
  const info = infoOf(judge, bundlePath);
  const known = Object.entries(NAMES).find(([, name]) => name === bundlePath)?.[0];
  const identifier = plistString(info, 'CFBundleIdentifier') ?? known ?? bundlePath;
  const usual = Object.hasOwn(LIBRARIES, bundlePath) ? LIBRARIES[bundlePath]! : [];
  return { bundlePath, executablePath, identifier, needs: info ? librariesOf(info) : usual, path, entry };
}

function infoOf(judge: Judge, bundlePath: string): PlistDict | undefined {
  const wanted = `OC/Kexts/${bundlePath}/${INFO_PLIST}`.toLowerCase();
  for (const [path, bytes] of judge.options.folder?.infos ?? []) {
    if (path.toLowerCase() !== wanted) continue;
    try {
      return asDict(parsePlist(bytes, path));
    } catch (error) {
      if (error instanceof FormatError) return undefined;
      throw error;
    }
  }
  return undefined;
}

/** OpenCore stops at a kext that lacks a file it names (code: OcKernelLoadAndReserveKext reports an error). */
function files(judge: Judge, { bundlePath, executablePath, path, entry }: Injected): void {
  const off = judge.setting([...path, 'Enabled'], false, `: ${bundlePath} is not whole`);
  const folder = `OC/Kexts/${bundlePath}`;
  const info = plistString(entry, 'PlistPath') ?? INFO_PLIST;
  if (judge.hasFile(`${folder}/${info}`) === false) {
    const what = judge.options.folder!.files.some((file) => file.toLowerCase().startsWith(`${folder.toLowerCase()}/`));
    const message = what ? `${bundlePath} has no ${info}` : `${bundlePath} is not in EFI/OC/Kexts`;
    judge.note('error', 'kext-missing', path, `${message}: OpenCore stops there.`, off);
    return;
  }
  const named = plistString(infoOf(judge, bundlePath), 'CFBundleExecutable');
  if (executablePath !== '' && judge.hasFile(`${folder}/${executablePath}`) === false) {
    const message = `${bundlePath} has no ${executablePath}: OpenCore stops there.`;
    judge.note('error', 'kext-executable', [...path, 'ExecutablePath'], message, off);
  } else if (executablePath === '' && named !== undefined) {
    const right = `Contents/MacOS/${named}`;
    const message = `${bundlePath} has code, ${right}: without ExecutablePath it is injected without it.`;
    const there = judge.hasFile(`${folder}/${right}`) === true;
    const mend = there ? judge.setting([...path, 'ExecutablePath'], right) : undefined;
    judge.note('error', 'kext-executable', path, message, mend);
  }
}

/** A kext that comes before what it links against is not linked. */
function order(judge: Judge, injected: readonly Injected[]): void {
  const before = new Set<string>();
  for (const kext of injected) {
    for (const needed of kext.needs) {
      if (before.has(needed) || needed.startsWith('com.apple.')) continue;
      const later = injected.find(({ identifier }) => identifier === needed);
      // Two that need each other have no order.
      if (later?.needs.includes(kext.identifier)) continue;
      const name = later?.bundlePath ?? NAMES[needed] ?? needed;
      if (later) {
        const message = `${kext.bundlePath} comes before ${name}, which it links against: it is not loaded.`;
        judge.note('error', 'kext-order', kext.path, message, reordered(judge, injected));
      } else {
        const message = `${kext.bundlePath} links against ${name}, which is not injected: it is not loaded.`;
        judge.note(Object.hasOwn(NAMES, needed) ? 'error' : 'warning', 'kext-order', kext.path, message);
      }
    }
    before.add(kext.identifier);
  }
}

/** The entries of those that are injected, in their places in the right order. */
function reordered(judge: Judge, injected: readonly Injected[]): Mend | undefined {
  const right = inOrder(injected);
  const slots = injected.map(({ path }) => judge.placeOf(path));
  if (slots.includes(undefined)) return undefined;
  const edits = right.map(({ path }, i) => {
    const from = judge.placeOf(path)!;
    const slot = slots[i]!;
    return { from: slot.at, to: slot.end, text: judge.text.slice(from.at, from.end) };
  });
  return {
    about: 'Kernel/Add',
    does: `Kernel/Add is in the order ${right.map(({ bundlePath }) => bundlePath).join(', ')}`,
    edits,
  };
}

function notListed(judge: Judge, all: ReturnType<Judge['entries']>): void {
  const listed = new Set(all.map(({ entry }) => plistString(entry, 'BundlePath')?.toLowerCase()));
  for (const file of judge.options.folder!.files) {
    const name = /^OC\/Kexts\/([^/]+\.kext)\/Contents\/Info\.plist$/i.exec(file)?.[1];
    if (name === undefined || name.startsWith('.') || listed.has(name.toLowerCase())) continue;
    judge.note(
      'warning',
      'kext-not-listed',
      ['Kernel', 'Add'],
      `${name} lies in EFI/OC/Kexts and is not in the list: it is not injected.`,
    );
  }
}
