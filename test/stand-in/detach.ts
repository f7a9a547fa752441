import { linkSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Arguments } from './arguments.js';
import { Failure } from './failures.js';
import { changeState, readState, stateFolder } from './state.js';

function unmount(mountPoint: string): void {
  // A detach that was killed may have done this much.
  if (lstatSync(mountPoint, { throwIfNoEntry: false })?.isDirectory()) return;
  rmSync(mountPoint, { force: true });
  mkdirSync(mountPoint, { mode: 0o700 });
}

/** One detach of a disk at a time, as in a Mac's kernel; what one left that was killed is taken over. Returns how to end it. */
function claim(device: string): () => void {
  const file = join(stateFolder, `${basename(device)}.detaching`);
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, `${process.pid}`);
  try {
    for (let tries = 0; tries < 100; tries++) {
      try {
        linkSync(mine, file);
        return () => rmSync(file, { force: true });
      } catch {
        if (isThere(file)) break;
        rmSync(file, { force: true });
      }
    }
  } finally {
    rmSync(mine);
  }
  throw new Failure(`hdiutil: couldn't unmount "${basename(device)}" - Resource busy`, 16);
}

/** Whether the process that a file names is still there. */
function isThere(file: string): boolean {
  try {
    return process.kill(Number(readFileSync(file, 'utf8')), 0);
  } catch {
    return false;
  }
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
  const gone = () => new Failure('hdiutil: detach failed - No such file or directory', 2);
  if (!attached) throw gone();
  const { folder, record, readOnly, image, owners, device } = attached;
  const release = claim(device);
  try {
    // By somebody who was quicker.
    if (!readState().images.some((other) => other.device === device)) throw gone();
    if (folder !== undefined && record !== undefined) {
      if (!readOnly) await writeBack(image, folder, record, owners);
      for (const { mountPoint } of attached.entities) if (mountPoint !== undefined) unmount(mountPoint);
    }
    changeState((state) => {
      state.images = state.images.filter((other) => other.device !== device);
    });
    // Last: killed before, it can be done again.
    for (const path of [folder, record]) if (path !== undefined) rmSync(path, { recursive: true, force: true });
  } finally {
    release();
  }
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
