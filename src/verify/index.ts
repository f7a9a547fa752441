import { type ByteSource, chunks } from '../formats/bytes.js';
import { type Disk, openDisk, openVolume } from '../formats/disk.js';
import { placedFile } from '../formats/disk-packages.js';
import { showPath } from '../formats/entry.js';
import { checkVolume } from '../formats/hfsplus/check.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import { Proofs } from '../formats/proofs.js';
import { checkContents } from './contents.js';
import { checkEsp } from './esp.js';
import { checkMap } from './map.js';
import type { VerifyOptions } from './options.js';
import { checkOutcome, checkPackageProofs, ON_THE_WAY, packageProofs } from './packages.js';
import { Checks, type VerifyReport } from './report.js';
import { volumeUuid } from './uuid.js';

export type { VerifyOptions } from './options.js';
export type { Check, CheckSeverity, VerifyReport } from './report.js';

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
  if (!disk || !opened) {
    await readOnce(file, new Proofs([], { whole: options.see !== undefined, size: file.size }), options);
    return { file: file.name, size: file.size, ok: false, checks: checks.all };
  }
  const { partition, volume } = opened;
  await checks.attempt('file system', () => checkFileSystem(partition.source, volume, checks, options.signal));
  const { signal, esp = false } = options;
  const loader = await checks.attempt('system partition', () => checkEsp(disk, checks, { expected: esp, signal }));
  const { release, image } = await checkContents(
    { disk, partition, volume },
    checks,
    loader === 'opencore' ? ['opencore'] : [],
  );
  const packages = await checks.attempt('packages', () => packageProofs(volume, partition, options));
  const placed = [...(packages?.placed ?? [])];
  if (image && options.provedOnTheWay) checks.pass('BaseSystem', `${showPath(image.path)}: ${ON_THE_WAY}`);
  else if (image) placed.push(await placedFile(volume, partition, image.path, image.proof));
  // Its stretches are places in a raw disk; in any other image they say nothing.
  const inOrder = disk.kind === 'raw' ? placed : placed.map((one) => ({ ...one, stretches: undefined }));
  const proofs = new Proofs(inOrder, { whole: options.see !== undefined, size: file.size });
  await readOnce(file, proofs, options);
  const outcomes = await proofs.finish(options.signal);
  if (image && !options.provedOnTheWay) checkOutcome('BaseSystem', outcomes.pop()!, checks);
  if (packages) checkPackageProofs(packages, outcomes, checks);
  return {
    file: file.name,
    size: file.size,
    ok: checks.ok,
    checks: checks.all,
    ...release,
    map: describeMap(disk),
    ...(loader && { loader }),
    volume: { name: volume.name, uuid: volumeUuid(volume.header.finderInfo) },
  };
}

/** Reads what anybody wants to see of the file, once. */
async function readOnce(file: ByteSource, proofs: Proofs, { signal, report, see }: VerifyOptions): Promise<void> {
  const { from, to } = proofs;
  let at = from;
  for await (const part of chunks(file, undefined, from, to)) {
    signal.throwIfAborted();
    see?.(part);
    proofs.update(part);
    at += part.length;
    report?.({ done: at - from, total: to - from });
  }
}

function describeMap(disk: Disk): string {
  return disk.map.scheme;
}

async function checkFileSystem(
  source: ByteSource,
  volume: HfsVolume,
  checks: Checks,
  signal: AbortSignal,
): Promise<void> {
  let errors = 0;
  for (const finding of await checkVolume(source, signal)) {
    if (finding.severity !== 'error') continue;
    errors++;
    if (errors <= MOST_FINDINGS) checks.fail('file system', finding.text);
  }
  if (errors > MOST_FINDINGS) checks.fail('file system', `… and ${errors - MOST_FINDINGS} more findings`);
  const { fileCount, folderCount } = volume.header;
  const counts = `${fileCount.toLocaleString('en-US')} files, ${folderCount.toLocaleString('en-US')} folders`;
  if (errors === 0) checks.pass('file system', `${counts}: headers, trees, bitmap and links agree`);
}
