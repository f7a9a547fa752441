import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { find } from './judges/needs.js';

/** Milliseconds. */
const HANG = 60_000;

/** Apple's fsck_hfs as Debian's hfsprogs ships it: in the folder OSX_ISO_HFSPROGS, or on PATH. */
export const FSCK = find('fsck.hfsplus');
if (FSCK === undefined && process.env['OSX_ISO_REQUIRE_ALL'] === '1') {
  throw new Error('nothing may be skipped here, but fsck.hfsplus is absent; OSX_ISO_HFSPROGS names its folder');
}

/** What a test that needs it says when it is not there. */
export const WITHOUT_FSCK = FSCK === undefined ? ' [skipped: fsck.hfsplus is not here; set OSX_ISO_HFSPROGS]' : '';

/** What Apple's fsck says about a volume. */
export interface FsckResult {
  /** 0: appears to be OK. */
  readonly status: number | null;
  readonly output: string;
}

/** Checks a bare volume without changing it (`-fn`). Quicker than the judge of the same name: one process, no partition map. */
export function fsck(volume: Uint8Array): FsckResult {
  const folder = mkdtempSync(join(tmpdir(), 'osx-iso-fsck-'));
  try {
    const file = join(folder, 'volume.raw');
    writeFileSync(file, volume);
    return fsckFile(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What Apple's fsck makes of a bare volume (`-fy`), and what it says of that then. */
export function repaired(volume: Uint8Array): { readonly volume: Buffer; readonly status: number | null } {
  if (FSCK === undefined) throw new Error('fsck.hfsplus is not here');
  const folder = mkdtempSync(join(tmpdir(), 'osx-iso-fsck-'));
  try {
    const file = join(folder, 'volume.raw');
    writeFileSync(file, volume);
    // The first run repairs, the second finds nothing.
    const [, second] = [1, 2].map(() => spawnSync(FSCK, ['-fy', file], { timeout: HANG }).status);
    return { volume: readFileSync(file), status: second! };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `fsck` of a volume that is a file. Status null: it crashed, or found no end. */
export function fsckFile(path: string): FsckResult {
  if (FSCK === undefined) throw new Error('fsck.hfsplus is not here');
  const { status, stdout, stderr } = spawnSync(FSCK, ['-fnd', path], { encoding: 'utf8', timeout: HANG });
  return { status, output: `${stdout}${stderr}` };
}
