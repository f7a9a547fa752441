import { lstatSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Arguments } from './arguments.js';
import { Failure } from './failures.js';
import { changeState, readState } from './state.js';

function unmount(mountPoint: string): void {
  // A detach that was killed may have done this much.
  if (lstatSync(mountPoint, { throwIfNoEntry: false })?.isDirectory()) return;
  rmSync(mountPoint, { force: true });
  mkdirSync(mountPoint, { mode: 0o700 });
}

/** Writes back what was changed, and forgets the image. */
export async function detach(args: Arguments): Promise<string> {
  const target = args.operand('detach');
  const attached = readState().images.find(
    ({ device, entities }) =>
      device === target ||
      entities.some(
        (entity) => entity.device === target || (entity.mountPoint !== undefined && same(entity.mountPoint, target)),
      ),
  );
  if (!attached) throw new Failure('hdiutil: detach failed - No such file or directory', 2);
  const { folder, record, readOnly, image, owners, device } = attached;
  if (folder !== undefined && record !== undefined) {
    if (!readOnly) await writeBack(image, folder, record, owners);
    for (const { mountPoint } of attached.entities) if (mountPoint !== undefined) unmount(mountPoint);
  }
  changeState((state) => {
    state.images = state.images.filter((other) => other.device !== device);
  });
  // Last: killed before, it can be done again.
  for (const path of [folder, record]) if (path !== undefined) rmSync(path, { recursive: true, force: true });
  const name = basename(device);
  return `"${name}" unmounted.\n"${name}" ejected.\n`;
}

function same(a: string, b: string): boolean {
  return a === b || a === join(realpathSync(dirname(resolve(b))), basename(b));
}

async function writeBack(image: string, folder: string, record: string, owners: boolean): Promise<void> {
  // Loaded here: a volume that was only read is detached without.
  const [{ openVolume }, { StagedVolume }, { openImage, planDisk, writeDisk }, { collect, readRecord }] =
    await Promise.all([
      import('../../src/formats/disk.js'),
      import('../../src/formats/hfsplus/write/index.js'),
      import('./disk.js'),
      import('./expose.js'),
    ]);
  // The image may have been removed under its volume.
  if (!lstatSync(image, { throwIfNoEntry: false })) return;
  const { file, disk } = await openImage(image, 'detach');
  try {
    const { partition, volume } = await openVolume(disk);
    const staged = new StagedVolume(volume);
    const changes = await collect(staged, folder, readRecord(record), owners);
    if (changes > 0) await writeDisk(image, await planDisk(disk, partition, staged, disk.source.size / 512));
  } finally {
    await file.close();
  }
}
