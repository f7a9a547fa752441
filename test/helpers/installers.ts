import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  givenOf,
  type InstallerOptions,
  makeInstaller,
  releases,
  type Truth,
  wrapInstaller,
} from '../../scripts/installer/index.js';
import { madeOnce } from './made-once.js';
import { INSTALLERS, sharedFolder } from './shared-folders.js';

/** What may be asked for: everything that has a hand in the bytes. */
export type Shape = Omit<InstallerOptions, 'directory' | 'truth' | 'wantTruth' | 'report'>;

/** A synthetic installer that all tests share. It is read-only: a test that changes one changes an `ownCopy` of it. */
export interface SharedInstaller {
  /** The app, or the form asked for, alone in its folder. */
  readonly app: string;
  /** What a finished ISO must contain; undefined of one that no ISO can be built from. */
  readonly truth: Truth | undefined;
}

/** In an entry of the store: the folder with the installer alone, and its listing. */
const MADE = 'made';
const TRUTH = 'truth.json';

/** The same words for the same installer: what is as always need not be said. */
function usual({ release = '10.10', faults = {}, ...rest }: Shape): Shape {
  return { release, ...rest, ...(Object.keys(faults).length > 0 ? { faults } : {}) };
}

/** An installer of that shape, made once on this machine. */
export async function sharedInstaller(shape: Shape = {}): Promise<SharedInstaller> {
  const { form = 'app', ...asked } = shape;
  const rest = usual(asked);
  const store = sharedFolder(INSTALLERS);
  const plain = await madeOnce(store, rest, async (entry) => {
    await makeInstaller({ ...rest, directory: join(entry, MADE), truth: join(entry, TRUTH) });
  });
  const app = join(plain, MADE, readdirSync(join(plain, MADE))[0]!);
  const listing = join(plain, TRUTH);
  const truth = existsSync(listing) ? (JSON.parse(readFileSync(listing, 'utf8')) as Truth) : undefined;
  if (form === 'app' || releases[rest.release ?? '10.10'].layout === 'dvd') return { app, truth };
  const wrapped = await madeOnce(store, { ...rest, form }, async (entry) => {
    await wrapInstaller(app, form, join(entry, MADE), rest.seed);
  });
  const path = join(wrapped, MADE, readdirSync(join(wrapped, MADE))[0]!);
  return { app: givenOf(form, path), truth };
}
