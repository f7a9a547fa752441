import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SourceError } from '../../../src/errors.js';
import { fromBytes } from '../../../src/formats/bytes.js';
import { readVmDisk, type VmDiskFormat, vmDiskFormat } from '../../../src/formats/vm-disk/index.js';
import { qedWithBacking, vhdWithParent } from '../../helpers/vm-disks.js';
import { qcow2, vmdkText } from '../../vm-disk/images.js';

const named = (bytes: Uint8Array | string) => fromBytes(Buffer.from(bytes as string), 'disk');
const read = (format: VmDiskFormat, bytes: Uint8Array | string) => readVmDisk(format, named(bytes));

describe('a qcow2', () => {
  test('without other files names none', async () => {
    expect(await read('qcow2', qcow2({ size: 1 << 20 }))).toEqual({ encrypted: false, corrupt: false, references: [] });
  });

  test('names its backing file, the format, and its data file, each with its place', async () => {
    const image = qcow2({
      size: 1,
      backing: 'base ä',
      backingFormat: 'raw',
      dataFile: '/data',
      extensions: [[7, Buffer.alloc(3)]],
    });
    const { references } = await read('qcow2', image);
    expect(references).toEqual([
      { role: 'data file', name: '/data', at: image.indexOf('/data'), format: 'raw' },
      { role: 'backing file', name: 'base ä', at: image.indexOf('base'), format: 'raw' },
    ]);
  });

  test('has names that end at a NUL, as QEMU takes them', async () => {
    const { references } = await read(
      'qcow2',
      qcow2({ size: 1, backing: '/etc/passwd\0.raw', backingFormat: 'raw\0x' }),
    );
    expect(references).toMatchObject([{ name: '/etc/passwd', format: 'raw' }]);
  });

  test('with the bit and without the name needs a file nobody knows', async () => {
    const image = qcow2({ size: 1 });
    image.writeBigUInt64BE(4n, 72);
    expect((await read('qcow2', image)).references).toMatchObject([{ role: 'data file', name: '' }]);
  });

  test('is damaged or encrypted where it says so', async () => {
    const image = qcow2({ size: 1 });
    image.writeBigUInt64BE(2n, 72);
    image.writeUInt32BE(2, 32);
    expect(await read('qcow2', image)).toMatchObject({ corrupt: true, encrypted: true });
  });

  test.each([
    ['an unknown version', 4, 9],
    ['absurd clusters', 20, 22],
    ['a header longer than its cluster', 100, 1 << 17],
    ['an extension without an end', 108, 0xffff_ffff],
    ['a backing name without an end', 16, 1024],
    ['a backing name far away', 8, 1],
  ])('%s', async (_, at, value) => {
    const image = qcow2({ size: 1, backing: 'b', backingFormat: 'raw' });
    image.writeUInt32BE(value, at);
    await expect(read('qcow2', image)).rejects.toThrow(/disk: qcow2 header at byte \d+: expected/);
  });
});

describe('a VMDK', () => {
  test.each([
    ['RW 8112 FLAT "victim.raw" 0', ['victim.raw raw']],
    ['RW\n8112\nFLAT"victim.raw"0', ['victim.raw raw']],
    ['RDONLY 8 SPARSE "a.vmdk"\nRW 9 VMFS "b ä"', ['a.vmdk vmdk', 'b ä raw']],
    ['RW 8 VMFSSPARSE"a"', ['a vmdk']],
    ['RW 100 ZERO', []],
    ['parentFileNameHint="base.vmdk"', ['base.vmdk vmdk']],
  ])('%j', async (text, expected) => {
    const bytes = Buffer.from(vmdkText(text));
    const { references } = await read('vmdk', bytes);
    expect(references.map(({ name, format }) => `${name} ${format}`)).toEqual(expected);
    for (const { name, at } of references) expect(bytes.toString('utf8', at, at + Buffer.byteLength(name))).toBe(name);
  });

  test('that holds its sectors itself is described, not made of others; without a capacity it is', async () => {
    const image = Buffer.alloc(1 << 16);
    image.write('KDMV');
    image.writeBigUInt64LE(2048n, 12);
    image.writeBigUInt64LE(64n, 28);
    image.write(vmdkText('RW 2048 SPARSE "own.vmdk"'), 64 * 512);
    expect((await read('vmdk', image)).references).toEqual([]);
    image.writeBigUInt64LE(0n, 12);
    expect((await read('vmdk', image)).references).toMatchObject([{ role: 'extent', name: 'own.vmdk' }]);
  });
});

test('a VHD and a QED name their parents', async () => {
  const vhd = vhdWithParent();
  expect((await read('vpc', vhd)).references).toMatchObject([{ name: 'C:\\base.vhd', at: 576 }]);
  const qed = qedWithBacking();
  expect((await read('qed', qed)).references).toEqual([{ role: 'backing file', name: 'base', at: 100, format: 'raw' }]);
  qed.writeBigUInt64LE(1n, 16);
  expect((await read('qed', qed)).references).not.toHaveProperty('0.format');
});

test('cut and changed headers are refused or read, never a bug', async () => {
  const images: readonly (readonly [VmDiskFormat, Buffer])[] = [
    ['qcow2', qcow2({ size: 1, backing: 'b', backingFormat: 'raw', dataFile: 'd' })],
    ['qcow', Buffer.concat([Buffer.from('QFI\xfb\0\0\0\x01', 'latin1'), Buffer.alloc(100)])],
    ['vmdk', Buffer.from(vmdkText('RW 8 FLAT "x" 0'))],
    ['vpc', Buffer.concat([Buffer.from('conectix'), Buffer.alloc(2000)])],
    ['qed', Buffer.concat([Buffer.from('QED\0'), Buffer.alloc(100, 1)])],
    ['vhdx', Buffer.from('vhdxfile')],
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...images),
      fc.array(fc.tuple(fc.nat(160), fc.nat(255)), { maxLength: 6 }),
      fc.nat(4096),
      async ([format, image], changes, length) => {
        const bytes = Buffer.from(image.subarray(0, length));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        await vmDiskFormat(named(bytes));
        const outcome = await read(format, bytes).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(SourceError);
      },
    ),
    { numRuns: 400 },
  );
});
