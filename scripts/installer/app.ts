import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../src/errors.js';
import { buildPlist, parsePlist, plistGet } from '../../src/plist/plist.js';
import type { Release } from './releases.js';

/** In Info.plist of what we make: only such an app is ever replaced. */
const MARK = 'OSXISOMadeFrom';

/** The folder while it is made; it gets its name when it is whole. */
export interface AppFolder {
  readonly path: string;
  /** Where dmg files go; undefined in a stub, which has no such folder. */
  readonly shared: string | undefined;
  /** Gives the app its final name and returns that. */
  finish(): Promise<string>;
  /** Removes the half-made app. */
  abandon(): Promise<void>;
}

/** Begins the app in `directory`. `made` is what it is made from; an app of the same name that we did not make is refused. */
export async function beginApp(
  directory: string,
  release: Release,
  made: Readonly<Record<string, unknown>>,
  { stub, version }: { readonly stub: boolean; readonly version?: string | undefined },
): Promise<AppFolder> {
  const final = join(directory, release.app);
  if ((await exists(final)) && (await madeFrom(final)) === undefined) {
    throw new UsageError(`${final} is there, and was not made by this command.`, 'Give another folder.');
  }
  const path = `${final}.making`;
  await rm(path, { recursive: true, force: true });
  const contents = join(path, 'Contents');
  await mkdir(join(contents, 'MacOS'), { recursive: true });
  await mkdir(join(contents, 'Resources'), { recursive: true });
  await mkdir(join(contents, '_CodeSignature'), { recursive: true });
  await writeFile(join(contents, 'Info.plist'), infoPlist(release, made, version));
  await writeFile(join(contents, 'PkgInfo'), 'APPL????');
  await writeFile(join(contents, 'version.plist'), buildPlist({ CFBundleShortVersionString: '1.7.43' }));
  await writeFile(join(contents, '_CodeSignature', 'CodeResources'), buildPlist({ files: {}, files2: {} }));
  const script = `#!/bin/sh\necho 'This installer is a stand-in made by osx-iso for tests; it installs nothing.' >&2\nexit 1\n`;
  await writeFile(join(contents, 'MacOS', 'InstallAssistant'), script, { mode: 0o755 });
  await writeFile(join(contents, 'Resources', 'createinstallmedia'), script, { mode: 0o755 });
  const shared = stub ? undefined : join(contents, 'SharedSupport');
  if (shared) await mkdir(shared);
  return {
    path,
    shared,
    finish: async () => {
      await rm(final, { recursive: true, force: true });
      await rename(path, final);
      return final;
    },
    abandon: () => rm(path, { recursive: true, force: true }),
  };
}

/** The options an app was made from, as text; undefined where we did not make it. */
export async function madeFrom(app: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(join(app, 'Contents', 'Info.plist'));
    const mark = plistGet(parsePlist(bytes, 'Info.plist'), MARK);
    return typeof mark === 'string' ? mark : undefined;
  } catch {
    return undefined;
  }
}

function infoPlist(release: Release, made: Readonly<Record<string, unknown>>, version = '1.7.43'): string {
  return buildPlist({
    CFBundleDevelopmentRegion: 'English',
    CFBundleDisplayName: release.app.replace(/\.app$/, ''),
    CFBundleExecutable: 'InstallAssistant',
    CFBundleIdentifier: release.identifier,
    CFBundleInfoDictionaryVersion: '6.0',
    CFBundleName: release.app.replace(/\.app$/, ''),
    CFBundlePackageType: 'APPL',
    // The installer's own number, which is not the system's.
    CFBundleShortVersionString: version,
    CFBundleVersion: '1743',
    DTPlatformVersion: 'GM',
    DTSDKBuild: release.build,
    LSMinimumSystemVersion: '10.6.6',
    [MARK]: JSON.stringify(made),
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
