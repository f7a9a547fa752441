import type { Tool } from './needs.js';
import { run } from './tool.js';
import { extract, findVolume, VOLUME_TOOLS } from './volume.js';

/** What fsck() needs. */
export const FSCK_TOOLS = ['fsck.hfsplus', ...VOLUME_TOOLS] as const satisfies readonly Tool[];

export interface Verdict {
  /** 0: the volume appears to be OK. 8: it has errors. */
  readonly status: number;
  readonly output: string;
}

/**
 * Apple's own fsck_hfs on the HFS+ volume of a raw image, without changing it (-n), with the reasons (-d). It does not see a missing thread flag, stale
 * counters in the alternate header, bogus Finder information or a clear "unmounted" bit.
 */
export async function fsck(image: string): Promise<Verdict> {
  const volume = await findVolume(image);
  const { status, stdout, stderr } = await run('fsck.hfsplus', ['-fnd', extract(image, volume)]);
  return { status, output: stdout.toString('utf8') + stderr };
}
