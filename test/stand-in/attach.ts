import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { openVolume } from '../../src/formats/disk.js';
import type { Arguments } from './arguments.js';
import { openImage } from './disk.js';
import { expose, otherDevice } from './expose.js';
import { Failure } from './failures.js';
import { said } from './info.js';
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
      process.once('exit', () => {
        // Ended by a signal before it was attached.
        if (!readState().images.some((other) => other.folder === folder))
          rmSync(folder, { recursive: true, force: true });
      });
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
