import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { openVolume } from '../../src/formats/disk.js';
import { StagedVolume } from '../../src/formats/hfsplus/write/index.js';
import { buildPlist, type PlistDict } from '../../src/plist/plist.js';
import type { Arguments } from './arguments.js';
import { openImage, planDisk, writeDisk } from './disk.js';
import { collect, expose, otherDevice, readRecord } from './expose.js';
import { Failure } from './failures.js';
import { type AttachedImage, changeState, readState, stateFolder } from './state.js';

const MAP_HINT: Readonly<Record<string, string>> = {
  apm: 'Apple_partition_scheme',
  gpt: 'GUID_partition_scheme',
  mbr: 'FDisk_partition_scheme',
};

/** Attaches an image, mounts its HFS+ volume, and says so as `-plist` does. An image that is attached already is only named. */
export async function attach(args: Arguments): Promise<string> {
  const path = resolve(args.operand('attach'));
  const { file, disk } = await openImage(path, 'attach');
  try {
    const image = realpathSync(path);
    const already = readState().images.find((attached) => attached.image === image);
    if (already) return said(already, args.has('-plist'));
    const readOnly = args.has('-readonly') || disk.kind === 'udif';
    const owners = args.value('-owners') === 'on';
    const device = changeState((state) => `/dev/disk${state.next++}`);
    const hfs = await openVolume(disk).catch(() => undefined);
    const slices = disk.map.partitions.map(({ index, type }) => ({ device: `${device}s${index}`, hint: type }));
    const whole = disk.map.scheme === 'none' ? [] : [{ device, hint: MAP_HINT[disk.map.scheme] ?? '' }];
    let attached: AttachedImage = {
      image,
      device,
      readOnly,
      owners,
      uid: process.getuid?.() ?? 0,
      entities: [...slices, ...whole],
    };
    const mounts = hfs && !args.has('-nomount');
    if (mounts) {
      const wanted = resolve(args.value('-mountpoint') ?? join('/Volumes', hfs.volume.name));
      const folder = mkdtempSync(join(otherDevice(dirname(wanted), stateFolder), 'volume-'));
      const record = join(stateFolder, `${basename(folder)}.json`);
      writeFileSync(record, JSON.stringify(await expose(hfs.volume, folder, owners)));
      const mountPoint = mount(wanted, folder);
      const slice = disk.map.scheme === 'none' ? device : `${device}s${hfs.partition.index}`;
      const entity = { device: slice, hint: 'Apple_HFS', mountPoint };
      // As seen in real output: slices in any order, the whole disk last.
      attached = {
        ...attached,
        folder,
        record,
        entities: [entity, ...slices.filter((s) => s.device !== slice), ...whole],
      };
    }
    changeState((state) => state.images.push(attached));
    if (!hfs && !args.has('-nomount')) throw new Failure('hdiutil: attach failed - no mountable file systems', 1);
    return said(attached, args.has('-plist'));
  } finally {
    await file.close();
  }
}

/** In the place of an empty folder comes a link to where the files are: on another device, as a mounted volume is. */
function mount(wanted: string, folder: string): string {
  const found = lstatSync(wanted, { throwIfNoEntry: false });
  if (found?.isDirectory() && readdirSync(wanted).length > 0) {
    throw new Failure('hdiutil: attach failed - Resource busy', 16);
  }
  if (found?.isDirectory()) rmdirSync(wanted);
  else if (found) throw new Failure('hdiutil: attach failed - File exists', 17);
  symlinkSync(folder, wanted);
  return join(realpathSync(dirname(wanted)), basename(wanted));
}

function unmount(mountPoint: string): void {
  unlinkSync(mountPoint);
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
    rmSync(folder, { recursive: true, force: true });
    rmSync(record, { force: true });
  }
  changeState((state) => {
    state.images = state.images.filter((other) => other.device !== device);
  });
  const name = basename(device);
  return `"${name}" unmounted.\n"${name}" ejected.\n`;
}

function same(a: string, b: string): boolean {
  return a === b || a === join(realpathSync(dirname(resolve(b))), basename(b));
}

async function writeBack(image: string, folder: string, record: string, owners: boolean): Promise<void> {
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

/** `info`: every image that is attached. */
export function info(args: Arguments): string {
  const { images } = readState();
  if (!args.has('-plist')) {
    return images
      .map(({ image, entities }) => `image-path      : ${image}\n${table(entities)}`)
      .join('================================================\n');
  }
  return buildPlist({
    framework: '480',
    images: images.map((attached) => ({
      'image-path': attached.image,
      'owner-uid': attached.uid,
      writeable: !attached.readOnly,
      'image-encrypted': false,
      'system-entities': dicts(attached),
    })),
  });
}

function said(attached: AttachedImage, asPlist: boolean): string {
  return asPlist ? buildPlist({ 'system-entities': dicts(attached) }) : table(attached.entities);
}

function dicts({ entities }: AttachedImage): PlistDict[] {
  return entities.map(({ device, hint, mountPoint }) => ({
    'content-hint': hint,
    'dev-entry': device,
    ...(mountPoint !== undefined && { 'mount-point': mountPoint, 'volume-kind': 'hfs' }),
    'potentially-mountable': mountPoint !== undefined,
    'unmapped-content-hint': hint,
  }));
}

function table(entities: AttachedImage['entities']): string {
  return entities
    .map(({ device, hint, mountPoint }) => `${device.padEnd(20)}\t${hint.padEnd(31)}\t${mountPoint ?? ''}\n`)
    .join('');
}
