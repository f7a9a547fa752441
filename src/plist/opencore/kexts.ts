import { SourceError } from '../../errors.js';
import { asDict, type PlistDict, type PlistValue, parsePlist, plistString } from '../plist.js';

/** A kext as it is given: its folder's name and what is in it. */
export interface GivenKext {
  /** "Lilu.kext" */
  readonly name: string;
  /** Every file in it, as "Contents/MacOS/Lilu". */
  readonly files: readonly string[];
  /** The bytes of every Contents/Info.plist, its own and its plug-ins', by their path in it. */
  readonly infos: ReadonlyMap<string, Uint8Array>;
}

/** A bundle that OpenCore injects: an entry of Kernel/Add. */
export interface Bundle {
  /** "VoodooPS2Controller.kext/Contents/PlugIns/VoodooInput.kext" */
  readonly bundlePath: string;
  readonly identifier: string;
  /** Path in the bundle; empty where it has no code. */
  readonly executablePath: string;
  /** Identifiers of the bundles it links against. */
  readonly needs: readonly string[];
}

export const LILU = 'as.vit9696.Lilu';
export const VIRTUAL_SMC = 'as.vit9696.VirtualSMC';
/** Where a bundle has its property list. */
export const INFO_PLIST = 'Contents/Info.plist';
const PLUG_INS = /^Contents\/PlugIns\/[^/]+\.kext$/;

/** The bundles of a kext, its own first. SourceError for a folder that is no kext, or one that lacks what it says it has. */
export function bundlesOf({ name, files, infos }: GivenKext): Bundle[] {
  if (!infos.has(INFO_PLIST)) {
    throw new SourceError(`${name}: expected ${INFO_PLIST} in it, found none: this is no kext.`);
  }
  const bundles: Bundle[] = [];
  for (const [path, bytes] of infos) {
    const inside = path.slice(0, -INFO_PLIST.length - 1);
    if (path !== INFO_PLIST && !PLUG_INS.test(inside)) continue;
    bundles.push(bundleOf({ name, inside, files }, bytes));
  }
  // Its own first: plug-ins link against it.
  return bundles.sort((a, b) => a.bundlePath.length - b.bundlePath.length || (a.bundlePath < b.bundlePath ? -1 : 1));
}

function bundleOf(
  { name, inside, files }: { readonly name: string; readonly inside: string; readonly files: readonly string[] },
  bytes: Uint8Array,
): Bundle {
  const bundlePath = inside === '' ? name : `${name}/${inside}`;
  const info = asDict(parsePlist(bytes, `${bundlePath}/${INFO_PLIST}`));
  const identifier = plistString(info, 'CFBundleIdentifier');
  if (!info || identifier === undefined) {
    throw new SourceError(`${bundlePath}/${INFO_PLIST}: expected a CFBundleIdentifier, found none.`);
  }
  const executable = plistString(info, 'CFBundleExecutable');
  const executablePath = executable === undefined ? '' : `Contents/MacOS/${executable}`;
  if (executable !== undefined && !files.includes(inside === '' ? executablePath : `${inside}/${executablePath}`)) {
    throw new SourceError(
      `${bundlePath}: its Info.plist names the executable ${executablePath}, and there is no such file.`,
      { hint: 'Take the kext from its release again: OpenCore stops where a file is missing.' },
    );
  }
  return { bundlePath, identifier, executablePath, needs: librariesOf(info) };
}

/** OSBundleLibraries, and those for one architecture. */
export function librariesOf(info: PlistDict): string[] {
  const keys = ['OSBundleLibraries', 'OSBundleLibraries_x86_64', 'OSBundleLibraries_i386'];
  return [...new Set(keys.flatMap((key) => Object.keys(asDict(info[key]) ?? {})))];
}

/** Lilu first, then VirtualSMC, and every bundle behind those it links against; else in the order given. */
export function inOrder<B extends Bundle>(bundles: readonly B[]): B[] {
  const rank = ({ identifier }: B) => (identifier === LILU ? 0 : identifier === VIRTUAL_SMC ? 1 : 2);
  const given = [...bundles].sort((a, b) => rank(a) - rank(b));
  const byName = new Map(given.map((bundle) => [bundle.identifier, bundle]));
  const ordered = new Set<B>();
  const begun = new Set<B>();
  const put = (bundle: B) => {
    // Those that need each other stay as they were given.
    if (begun.has(bundle)) return;
    begun.add(bundle);
    for (const needed of bundle.needs) {
      const found = byName.get(needed);
      if (found) put(found);
    }
    ordered.add(bundle);
  };
  for (const bundle of given) put(bundle);
  return [...ordered];
}

/** Bundles of Lilu's kin that are linked against and not there, and by whom. The system's own are in the system. */
export function missingLibraries(bundles: readonly Bundle[]): { readonly needed: string; readonly by: Bundle }[] {
  const there = new Set(bundles.map(({ identifier }) => identifier));
  return bundles.flatMap((by) =>
    by.needs
      .filter((needed) => !needed.startsWith('com.apple.') && !there.has(needed))
      .map((needed) => ({ needed, by })),
  );
}

/** The entry of Kernel/Add. */
export function kextEntry({ bundlePath, executablePath }: Bundle): PlistDict {
  return {
    Arch: 'Any',
    BundlePath: bundlePath,
    Comment: '',
    Enabled: true,
    ExecutablePath: executablePath,
    MaxKernel: '',
    MinKernel: '',
    PlistPath: INFO_PLIST,
  } satisfies Record<string, PlistValue>;
}
