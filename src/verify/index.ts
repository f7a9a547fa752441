import type { ByteSource } from '../formats/bytes.js';
import { type Disk, openDisk, openVolume } from '../formats/disk.js';
import { checkVolume } from '../formats/hfsplus/check.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import { checkContents } from './contents.js';
import { checkMap } from './map.js';
import { Checks, type VerifyReport } from './report.js';
import { volumeUuid } from './uuid.js';

export type { Check, VerifyReport } from './report.js';

export interface VerifyOptions {
  readonly signal: AbortSignal;
  report?(progress: { done: number; total: number }): void;
}

/** More sentences of one kind than this help nobody. */
const MOST_FINDINGS = 20;

/**
 * Proves a finished installer disk from nothing but its bytes: partition map, file system, and everything the installer and the
 * boot loader will look for. Never throws for what it finds: a file that is no disk at all is a report of one failed check.
 */
export async function verifyIso(file: ByteSource, options: VerifyOptions): Promise<VerifyReport> {
  const checks = new Checks();
  const disk = await checks.attempt('disk image', () => openDisk(file));
  const opened = disk && (await checks.attempt('partition', () => openVolume(disk)));
  if (disk) await checks.attempt('partition map', () => checkMap(disk, checks));
  if (!disk || !opened) return { file: file.name, size: file.size, ok: false, checks: checks.all };
  const { partition, volume } = opened;
  await checks.attempt('file system', () => checkFileSystem(partition.source, volume, checks));
  const release = await checkContents(volume, checks, options);
  return {
    file: file.name,
    size: file.size,
    ok: checks.ok,
    checks: checks.all,
    ...release,
    map: describeMap(disk),
    volume: { name: volume.name, uuid: volumeUuid(volume.header.finderInfo) },
  };
}

function describeMap(disk: Disk): string {
  return disk.map.scheme;
}

async function checkFileSystem(source: ByteSource, volume: HfsVolume, checks: Checks): Promise<void> {
  let errors = 0;
  for (const finding of await checkVolume(source)) {
    if (finding.severity !== 'error') continue;
    errors++;
    if (errors <= MOST_FINDINGS) checks.fail('file system', finding.text);
  }
  if (errors > MOST_FINDINGS) checks.fail('file system', `… and ${errors - MOST_FINDINGS} more findings`);
  const { fileCount, folderCount } = volume.header;
  const counts = `${fileCount.toLocaleString('en-US')} files, ${folderCount.toLocaleString('en-US')} folders`;
  if (errors === 0) checks.pass('file system', `${counts}: headers, trees, bitmap and links agree`);
}
