import { FormatError, SourceError } from '../errors.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import { readSystemVersion } from '../known/system-version.js';
import { releaseTitle } from '../releases.js';

// What people give that is no installer, each with what it is and what to do: "wrong source" is one of the most common failures.

export function tooNew(path: string): SourceError {
  return new SourceError(
    `${path}: found SharedSupport.dmg: this is macOS 11 or later, which no recipe of this kind can make.`,
    { hint: "From macOS 11 on only Apple's own createinstallmedia, on a Mac, makes installer disks." },
  );
}

export function stub(path: string): SourceError {
  return new SourceError(
    `${path}: expected Contents/SharedSupport with the system inside, found a stub of an installer.`,
    {
      hint: 'A stub (some 20 MB) downloads the rest while it installs. Get the full installer, some 5 GB.',
    },
  );
}

export function recoveryOnly(path: string, what: string): SourceError {
  return new SourceError(`${path}: expected InstallESD.dmg, found ${what}.`, {
    hint: 'A Base System alone only starts a recovery. Give the installer app or its InstallESD.dmg.',
  });
}

export function madeStick(path: string, name: string): SourceError {
  return new SourceError(`${path}: expected InstallESD.dmg, found a disk that createinstallmedia made ("${name}").`, {
    hint: 'Give the installer app that lies on it: it is what such a disk is made from.',
  });
}

export function finished(path: string, title: string): SourceError {
  return new SourceError(`${path}: this is a finished installer disk of ${title} already.`, {
    hint: 'There is nothing to build. `osx-iso verify` proves it.',
  });
}

/** Sierra's app of that number; others edit the number and take it. */
export function brokenSierra(path: string): SourceError {
  return new SourceError(
    `${path}: this is the defective "12.6.06" edition of Install macOS Sierra: Apple's own tools refuse it or stall.`,
    {
      hint: `Its InstallESD.dmg is whole; give that: --app ${JSON.stringify(`${path}/Contents/SharedSupport/InstallESD.dmg`)}. Or get InstallOS.dmg from Apple's support pages.`,
    },
  );
}

/** Names browsers and download tools give to what they have not finished. */
const UNFINISHED = /\.(download|part|partial|crdownload|opdownload|aria2|tmp)$/i;

/** Says that a download has not ended, where the name tells. */
export function unfinished(path: string): SourceError | undefined {
  const ending = UNFINISHED.exec(path)?.[0];
  if (ending === undefined) return undefined;
  return new SourceError(`${path}: this is a download that has not ended ("${ending}").`, {
    hint: 'Wait until it has, or start it again. The finished file has no such ending.',
  });
}

/** Says that a file ends too early. */
export function cutShort(path: string, why: string): SourceError {
  return new SourceError(`${path}: the file is incomplete: ${why}.`, {
    hint: 'The download or the copy ended early: get it again.',
  });
}

/** Structures in which the size of the file stands. */
const SIZED = /^(koly trailer|partition map entry|GPT|xar|read)/;

/** The words for a file that could not be opened as a disk image or a package. */
export function unreadable(path: string, size: number, error: unknown): unknown {
  if (error instanceof FormatError) {
    const { structure, expected, found } = error.fault;
    if (SIZED.test(structure) && / inside the (heap of )?\d+/.test(expected))
      return cutShort(path, `${structure} says ${found}, it has ${size} bytes`);
    // The volume's own count, which nothing but the end of the file can contradict.
    if (structure === 'volume header' && /^at most \d+ blocks of /.test(expected)) {
      return cutShort(path, `${structure} says ${found} blocks, it has room for ${expected.slice('at most '.length)}`);
    }
    return error;
  }
  if (!(error instanceof SourceError)) return error;
  if (/is APFS/.test(error.message)) {
    return new SourceError(`${path}: expected an HFS+ volume, found an APFS one, which osx-iso does not read.`, {
      hint: `Installers up to 10.15 come on HFS+. If the app was copied into this image, on a Mac open it and give the app: hdiutil attach ${JSON.stringify(path)}`,
      cause: error,
    });
  }
  if (/has no HFS\+ volume/.test(error.message) && /\.dmg$/i.test(path)) {
    return cutShort(path, 'a .dmg ends with the word "koly" and 508 bytes more, this one does not');
  }
  return error;
}

/** What a volume is that has neither InstallESD's packages nor a way to them. */
export async function notAnInstaller(volume: HfsVolume, path: string): Promise<SourceError> {
  const has = async (...names: string[]) => (await volume.entry(names)) !== undefined;
  const system = await readSystemVersion(volume).catch(() => undefined);
  const title = system && releaseTitle(system.version, system.build);
  if (await has('.IABootFiles')) return madeStick(path, volume.name);
  if (await has('com_apple_MobileAsset_MacSoftwareUpdate')) return tooNew(path);
  if (
    title &&
    (await volume.entry(['System', 'Installation', 'Packages']))?.kind === 'folder' &&
    (await has('System', 'Installation', 'Packages', 'OSInstall.mpkg'))
  ) {
    return finished(path, title);
  }
  if (title && (await has('System', 'Installation'))) return recoveryOnly(path, `the Base System of ${title}`);
  if ((await has('com.apple.recovery.boot')) || (await has('BaseSystem.dmg'))) {
    return recoveryOnly(path, `a recovery system ("${volume.name}")`);
  }
  return new SourceError(
    `${path}: expected InstallESD.dmg, found the volume "${volume.name}", which is no installer.`,
    {
      hint: 'osx-iso inspect shows what it holds.',
    },
  );
}
