import { access, constants, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from '../../errors.js';
import { type Acted, type ActOptions, act } from '../../host/act.js';
import { detachArgv, imageInfoArgv, infoArgv } from './argv.js';
import { classify, explained } from './failure.js';
import { type Attached, type ImageInfo, parseImageInfo, parseInfo, plistIn, wholeDisk } from './output.js';

/** Milliseconds between the tries to detach: Spotlight and fseventsd keep a volume that was just written busy for seconds. */
const DETACH_DELAYS = [500, 1000, 2000, 4000, 8000] as const;
/** The same for convert and resize, which come right after a detach whose helper may still be going. */
const RETRY_DELAYS = [500, 1000, 2000] as const;

/** How programs are run and time passes; for tests. */
export interface Runner {
  act(file: string, argv: readonly string[], options?: ActOptions): Promise<Acted>;
  sleep(milliseconds: number): Promise<unknown>;
}

const REAL: Runner = { act, sleep: (milliseconds) => sleep(milliseconds) };

/** The program: $OSX_ISO_HDIUTIL, or the first `hdiutil` on PATH. HostError where there is none. */
export async function findHdiutil(env: Readonly<Record<string, string | undefined>> = process.env): Promise<string> {
  const given = env.OSX_ISO_HDIUTIL;
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  for (const file of given ? [given] : folders.map((folder) => join(folder, 'hdiutil'))) {
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  throw new HostError(
    given
      ? `${given}: expected the program hdiutil, found nothing that can be run.`
      : 'There is no program "hdiutil" on this computer: it is a part of macOS.',
    {
      hint: 'Use --engine native: it needs neither a Mac nor root.',
    },
  );
}

/** hdiutil as the engine uses it: every call in a group of its own, in English, judged by its status. */
export class Hdiutil {
  constructor(
    readonly file: string,
    readonly runner: Runner = REAL,
  ) {}

  /** One call. Errors are ActErrors as they come. */
  run(argv: readonly string[], options: ActOptions = {}): Promise<Acted> {
    return this.runner.act(this.file, argv, {
      // Y: images with a licence wait for it.
      input: 'Y\n',
      ...options,
      env: { LANG: 'C', LC_ALL: 'C', ...options.env },
    });
  }

  /** As `run`, once more after each delay while the image is busy. `again` clears away what a try has left. */
  async runPatiently(
    argv: readonly string[],
    options: ActOptions = {},
    again: () => Promise<void> = async () => {},
  ): Promise<Acted> {
    for (const delay of RETRY_DELAYS) {
      try {
        return await this.run(argv, options);
      } catch (error) {
        if (classify(error) !== 'busy') throw error;
        await this.runner.sleep(delay);
        options.signal?.throwIfAborted();
        await again();
      }
    }
    return this.run(argv, options);
  }

  /** Everything that is attached on this computer. */
  async attached(): Promise<Attached[]> {
    const { stdout } = await explained('ask what is attached', () => this.run(infoArgv()));
    return parseInfo(plistIn(stdout, 'info'));
  }

  /** What an image is; undefined where hdiutil cannot say now (it is attached for writing). */
  async imageInfo(image: string): Promise<ImageInfo | undefined> {
    try {
      const { stdout } = await this.run(imageInfoArgv(image));
      return parseImageInfo(plistIn(stdout, 'imageinfo'));
    } catch (error) {
      if (classify(error) === 'busy') return undefined;
      return explained(`look at ${image}`, () => Promise.reject(error));
    }
  }

  /** The attachments of an image file, paths compared after resolving. */
  async attachmentsOf(image: string): Promise<Attached[]> {
    const own = await resolved(image);
    const found: Attached[] = [];
    for (const other of await this.attached()) if ((await resolved(other.image)) === own) found.push(other);
    return found;
  }

  /**
   * Detaches a whole disk, however long something keeps it busy: again after growing delays, then by force. What is gone
   * already counts as detached. Never cancelled.
   */
  async detach(device: string): Promise<void> {
    let failure: unknown;
    for (const delay of [...DETACH_DELAYS, undefined]) {
      try {
        await this.run(detachArgv(device));
        return;
      } catch (error) {
        failure = error;
        if (await this.#isGone(device, error)) return;
      }
      if (delay !== undefined) await this.runner.sleep(delay);
    }
    for (const delay of [1000, undefined]) {
      try {
        await this.run(detachArgv(device, { force: true }));
        return;
      } catch (error) {
        failure = error;
        if (await this.#isGone(device, error)) return;
      }
      if (delay !== undefined) await this.runner.sleep(delay);
    }
    await explained(`detach ${device}`, () => Promise.reject(failure));
  }

  /** Whether a disk that could not be detached is there no more. Where `info` cannot say either, only the failure's word counts. */
  async #isGone(device: string, error: unknown): Promise<boolean> {
    try {
      return !(await this.attached()).some(({ entities }) => wholeDisk(entities) === device);
    } catch {
      return classify(error) === 'gone';
    }
  }
}

/** A path without links in it, as far as it exists: /tmp is /private/tmp on a Mac. */
export function resolved(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
