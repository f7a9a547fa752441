import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fromBytes } from '../../../src/formats/bytes.js';
import { readVmDisk, type VmDiskFormat, vmDiskFormat } from '../../../src/formats/vm-disk/index.js';
import { find, needs } from '../../helpers/judges/needs.js';
import { scratch } from '../../helpers/judges/tool.js';

/** What QEMU says of an image, as far as other files are concerned. */
interface Said {
  readonly format: string;
  readonly 'backing-filename'?: string;
  readonly 'backing-filename-format'?: string;
  readonly 'format-specific'?: {
    readonly data?: { readonly 'data-file'?: string; readonly extents?: readonly { readonly filename: string }[] };
  };
}

const folder = scratch('qemu-img');
const qemuImg = (...args: string[]) =>
  execFileSync(find('qemu-img')!, args, { cwd: folder, stdio: 'pipe', encoding: 'utf8' });
const create = (...args: string[]) => qemuImg('create', '-q', ...args);
const info = (name: string) => JSON.parse(qemuImg('info', '--output=json', name)) as Said;
/** Why QEMU does not open an image. */
const refusal = (name: string) =>
  spawnSync(find('qemu-img')!, ['info', name], { cwd: folder, encoding: 'utf8' }).stderr;

/** What our reader says of it, in the same words. */
async function ours(name: string) {
  const file = fromBytes(readFileSync(join(folder, name)), name);
  const format = (await vmDiskFormat(file))!;
  const { references } = await readVmDisk(format, file);
  return { format, references };
}

/** An image with other bytes in some places. */
function changed(name: string, as: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(join(folder, name));
  change(bytes);
  writeFileSync(join(folder, as), bytes);
}

const ALONE: readonly VmDiskFormat[] = ['qcow2', 'qcow', 'vmdk', 'vdi', 'vpc', 'vhdx', 'qed', 'parallels'];

describe('our reader and QEMU say the same', () => {
  for (const format of ALONE) {
    test(`of a ${format} without other files`, async (context) => {
      needs(context, 'qemu-img');
      create('-f', format, `alone.${format}`, '1M');
      expect(info(`alone.${format}`)).toMatchObject({ format });
      expect(info(`alone.${format}`)).not.toHaveProperty('backing-filename');
      expect(await ours(`alone.${format}`)).toEqual({ format, references: [] });
    });
  }

  for (const [format, under] of [
    ['qcow2', 'raw'],
    ['qcow2', 'qcow2'],
    ['qcow', 'raw'],
    ['qed', 'raw'],
    ['qed', 'qed'],
    ['vmdk', 'vmdk'],
  ] as const) {
    test(`of a ${format} over a ${under}`, async (context) => {
      needs(context, 'qemu-img');
      const [base, name] = [`base ä.${under}`, `over-${under}.${format}`];
      create('-f', under, base, '1M');
      create('-f', format, '-b', base, '-F', under, name);
      const said = info(name);
      const { references } = await ours(name);
      expect(references).toMatchObject([{ role: 'backing file', name: said['backing-filename'] }]);
      expect(said['backing-filename']).toBe(base);
      // Of qcow and VMDK it is not in the image; a QED knows raw alone.
      const stored =
        format === 'qcow2'
          ? under
          : format === 'qed' && under === 'raw'
            ? 'raw'
            : format === 'vmdk'
              ? 'vmdk'
              : undefined;
      expect(references[0]!.format).toBe(stored);
      if (said['backing-filename-format'] !== undefined && format !== 'vmdk') {
        expect(said['backing-filename-format']).toBe(stored);
      }
    });
  }

  test('of a qcow2 with a data file', async (context) => {
    needs(context, 'qemu-img');
    create('-f', 'qcow2', '-o', 'data_file=data.raw', 'split.qcow2', '1M');
    const said = info('split.qcow2')['format-specific']?.data?.['data-file'];
    expect((await ours('split.qcow2')).references).toMatchObject([{ role: 'data file', name: said, format: 'raw' }]);
    expect(said).toBe('data.raw');
  });

  for (const kind of ['monolithicFlat', 'twoGbMaxExtentSparse', 'twoGbMaxExtentFlat']) {
    test(`of a VMDK that is ${kind}`, async (context) => {
      needs(context, 'qemu-img');
      create('-f', 'vmdk', '-o', `subformat=${kind}`, `${kind}.vmdk`, '1M');
      const extents = info(`${kind}.vmdk`)['format-specific']?.data?.extents?.map(({ filename }) => filename);
      const { references } = await ours(`${kind}.vmdk`);
      expect(references.map(({ role, name }) => [role, name])).toEqual(extents!.map((name) => ['extent', name]));
      expect(extents).toHaveLength(1);
    });
  }
});

/** In a VHDX the metadata "file parameters" hold: 0 u32 block size, 4 u32 bits, of which bit 1 says that there is a parent. */
const FILE_PARAMETERS = Buffer.from('3767a1ca36fa434db3b633f0aa44e76b', 'hex');
const HAS_PARENT = 2;
const PARENT_LOCATOR = Buffer.from('2d5fd3a80bb34d45abf7d3d84834ab0c', 'hex');
/** Where a VDI's links to others are: 424 the UUID of the image it belongs to, 440 that of its parent. */
const VDI_LINKS = [424, 440];

describe('no reference is read of', () => {
  test('a VDI with a link or a parent: QEMU does not open it', async (context) => {
    needs(context, 'qemu-img');
    create('-f', 'vdi', 'plain.vdi', '1M');
    for (const at of VDI_LINKS) {
      changed('plain.vdi', `linked-${at}.vdi`, (bytes) => bytes.fill(7, at, at + 16));
      expect(refusal(`linked-${at}.vdi`)).toMatch(/unsupported VDI image \(non-NULL (link|parent) UUID\)/);
    }
  });

  test('a VHDX with a parent: QEMU does not open it, whether or not it says where that is', async (context) => {
    needs(context, 'qemu-img');
    create('-f', 'vhdx', 'plain.vhdx', '1M');
    const lookup = (bytes: Buffer) => {
      const entry = bytes.indexOf(FILE_PARAMETERS);
      // An entry: 0 GUID, 16 u32 offset from the start of the metadata region, which begins with its table.
      const region = bytes.lastIndexOf('metadata', entry);
      return { region, at: region + bytes.readUInt32LE(entry + 16) + 4 };
    };
    changed('plain.vhdx', 'child.vhdx', (bytes) => {
      const { at } = lookup(bytes);
      bytes.writeUInt32LE(bytes.readUInt32LE(at) | HAS_PARENT, at);
    });
    expect(refusal('child.vhdx')).toMatch(/Could not open 'child.vhdx'.*Invalid argument/);
    changed('child.vhdx', 'located.vhdx', (bytes) => {
      const { region } = lookup(bytes);
      const count = bytes.readUInt16LE(region + 10);
      const entry = region + 32 * (1 + count);
      bytes.set(PARENT_LOCATOR, entry);
      for (const [i, value] of [0x11000, 20, 4, 0].entries()) bytes.writeUInt32LE(value, entry + 16 + 4 * i);
      bytes.writeUInt16LE(count + 1, region + 10);
    });
    expect(refusal('located.vhdx')).toMatch(/Could not open 'located.vhdx'.*Operation not supported/);
  });

  test('a differencing VHD by QEMU, which shows it as if it had no parent: by us it is', async (context) => {
    needs(context, 'qemu-img');
    create('-f', 'vpc', 'plain.vpc', '1M');
    changed('plain.vpc', 'child.vpc', (bytes) => {
      for (const footer of [0, bytes.length - 512]) {
        bytes.writeUInt32BE(4, footer + 60);
        bytes.writeUInt32BE(0, footer + 64);
        const sum = bytes.subarray(footer, footer + 512).reduce((all, byte) => all + byte, 0);
        bytes.writeUInt32BE(~sum >>> 0, footer + 64);
      }
    });
    expect(info('child.vpc')).not.toHaveProperty('backing-filename');
    expect((await ours('child.vpc')).references).toMatchObject([{ role: 'backing file', format: 'vpc' }]);
  });
});
