import { access, constants, opendir, stat } from 'node:fs/promises';
import { ask } from '../host/ask.js';
import { freeSpace } from '../host/free-space.js';

/** What the checks ask of the host; tests answer themselves. */
export interface HostFacts {
  readonly platform: string;
  /** 0 is root; undefined where there is no such thing. */
  readonly euid: number | undefined;
  /** "10.15.7"; undefined where this is no Mac. */
  macosVersion(): Promise<string | undefined>;
  /** Bytes free for this user on the volume of a folder. */
  freeSpace(folder: string): Promise<number>;
  /** Which volume a folder lies on. */
  volumeOf(folder: string): Promise<number>;
  /** Why a folder cannot be listed and written to (an errno name), undefined where it can. */
  refusal(folder: string): Promise<string | undefined>;
}

/** This host. */
export const realHost: HostFacts = {
  platform: process.platform,
  euid: process.geteuid?.(),
  macosVersion: () => ask`sw_vers -productVersion`,
  freeSpace,
  async volumeOf(folder) {
    return (await stat(folder)).dev;
  },
  async refusal(folder) {
    try {
      await access(folder, constants.W_OK);
      // Privacy protection lets access(2) pass and refuses to list.
      await (await opendir(folder)).close();
      return undefined;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unknown';
    }
  },
};
