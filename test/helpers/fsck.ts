import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Apple's fsck_hfs as Debian's hfsprogs ships it: in the folder OSX_ISO_HFSPROGS, or on PATH. */
export const FSCK = findTool('fsck.hfsplus', process.env['OSX_ISO_HFSPROGS']);

/** What a test that needs it says when it is not there. */
export const WITHOUT_FSCK = FSCK === undefined ? ' [skipped: fsck.hfsplus is not here; set OSX_ISO_HFSPROGS]' : '';

/** What Apple's fsck says about a volume. */
export interface FsckResult {
  /** 0: appears to be OK. */
  readonly status: number | null;
  readonly output: string;
}

/** Checks a volume without changing it (`-fn`). */
export function fsck(volume: Uint8Array): FsckResult {
  if (FSCK === undefined) throw new Error('fsck.hfsplus is not here');
  const folder = mkdtempSync(join(tmpdir(), 'osx-iso-fsck-'));
  try {
    const file = join(folder, 'volume.raw');
    writeFileSync(file, volume);
    const { status, stdout, stderr } = spawnSync(FSCK, ['-fn', file], { encoding: 'utf8' });
    return { status, output: `${stdout}${stderr}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A tool in the folder given, else on PATH. */
export function findTool(name: string, first?: string): string | undefined {
  const folders = [...(first ? [first] : []), ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}
