import { crc32 } from 'node:zlib';
import { fromBytes } from '../../../../src/formats/bytes.js';
import { openDisk } from '../../../../src/formats/disk.js';
import { findHfsPartition, mapTitle, readPartitionMap, regrow } from '../../../../src/formats/partition-map/index.js';
import { verifyChecksums } from '../../../../src/formats/udif/checksum.js';
import { openSparse, openUdif } from '../../../../src/formats/udif/index.js';
import { readVmDisk, vmDiskFormat } from '../../../../src/formats/vm-disk/index.js';
import { fixture } from '../../../formats/hfsplus/volumes.js';
import { wildDisks } from '../../../formats/partition-map/wild-maps.js';
import { craftImage, craftTable } from '../../../formats/udif/craft.js';
import { qedWithBacking, vhdWithParent } from '../../../helpers/vm-disks.js';
import { qcow2, vmdkText } from '../../../vm-disk/images.js';
import { drain } from '../given.js';
import type { Sample } from '../mutate.js';
import type { Reader } from '../readers.js';

/** A file of Apple's own making, of which the trailer and the property list are worth changing. */
function udif(name: string): Sample {
  const bytes = fixture(`udif/${name}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 512);
  const [xml, length] = [216, 224].map((at) => Number(view.getBigUint64(at)));
  return {
    name,
    bytes,
    hot: [
      [bytes.length - 512, 512],
      [bytes.length - 512, 512],
      [xml!, length!],
      [0, xml!],
    ],
  };
}

/** A table of runs, changed as a table; the image around it fits. */
function tables(): Sample[] {
  const fork = new Uint8Array(4096).map((_, i) => i * 7);
  const zlib = Uint8Array.of(
    0x78,
    0x9c,
    0x63,
    0x60,
    0x18,
    0x05,
    0xa3,
    0x60,
    0x14,
    0x0c,
    0x77,
    0x00,
    0x00,
    0x02,
    0x00,
    0x00,
    0x01,
  );
  fork.set(zlib);
  const table = craftTable(0, 40, [
    { type: 0x8000_0005, sector: 0, sectors: 1, offset: 0, length: zlib.length },
    { type: 1, sector: 1, sectors: 4, offset: 512, length: 2048 },
    { type: 0, sector: 5, sectors: 10, offset: 0, length: 0 },
    { type: 2, sector: 15, sectors: 25, offset: 0, length: 0 },
    { type: 0x8000_0004, sector: 1, sectors: 1, offset: 600, length: 100 },
    { type: 0xffff_ffff, sector: 40, sectors: 0, offset: 0, length: 0 },
  ]);
  return [
    { name: 'a table of runs', bytes: table, wrap: (changed) => craftImage(fork, [changed], { sectorCount: 40 }) },
  ];
}

/** The property list of a real image, changed as the text that it is; the trailer says where it ends then. */
function propertyList(name: string): Sample {
  const bytes = Buffer.from(fixture(`udif/${name}`));
  const koly = bytes.subarray(bytes.length - 512);
  const [xml, length] = [216, 224].map((at) => Number(koly.readBigUInt64BE(at))) as [number, number];
  return {
    name: `${name}, property list`,
    bytes: bytes.subarray(xml, xml + length),
    wrap(text) {
      const trailer = Buffer.from(koly);
      trailer.writeBigUInt64BE(BigInt(text.length), 224);
      return Buffer.concat([bytes.subarray(0, xml), text, trailer]);
    },
  };
}

/** A sparse image of two bands of 4 KiB, the second one first. */
function sparse(): Sample {
  const bytes = Buffer.alloc(4096 + 2 * 4096, 7);
  bytes.fill(0, 0, 4096);
  bytes.write('sprs');
  for (const [at, value] of [
    [4, 3],
    [8, 8],
    [12, 1],
    [16, 20],
    [32, 20],
    [64, 3],
    [68, 1],
  ] as const)
    bytes.writeUInt32BE(value, at);
  return { name: 'made', bytes, hot: [[0, 80]] };
}

/** A GPT with the checksums that fit, whatever its fields say. */
function withCrcs(disk: Uint8Array, block: number): Uint8Array {
  const bytes = Buffer.from(disk);
  if (bytes.length < 40 * block) return bytes;
  const [entries, count, size] = [
    bytes.readBigUInt64LE(block + 72),
    bytes.readUInt32LE(block + 80),
    bytes.readUInt32LE(block + 84),
  ];
  const from = Number(entries) * block;
  if (from + count * size <= bytes.length)
    bytes.writeUInt32LE(crc32(bytes.subarray(from, from + count * size)), block + 88);
  const header = Math.min(bytes.readUInt32LE(block + 12), block);
  bytes.writeUInt32LE(0, block + 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(block, block + header)), block + 16);
  return bytes;
}

function maps(): Sample[] {
  const volume = new Uint8Array(64 << 10);
  volume.set(fixture('hfsplus/hfsplusrs-small.img.gz').subarray(0, 32 << 10));
  const disks = wildDisks(volume).flatMap(({ name, scheme, bytes }): Sample[] => {
    const front: Sample = {
      name,
      bytes,
      hot: [
        [0, 4096],
        [0, 600],
        [32 << 10, 2048],
      ],
    };
    if (scheme !== 'gpt') return [front];
    const block = name.endsWith('4096') ? 4096 : 512;
    const hot: Sample['hot'] = [
      [block, 92],
      [2 * block, 128],
    ];
    return [front, { name: `${name}, its checksums fit`, bytes, hot, wrap: (changed) => withCrcs(changed, block) }];
  });
  return [...disks, { name: 'Apple', bytes: fixture('udif/ronin-apm-map-32k.bin'), hot: [[0, 4096]] }];
}

function vmDisks(): Sample[] {
  const vhd = vhdWithParent();
  const qed = qedWithBacking();
  const vmdk = Buffer.alloc(8192);
  vmdk.write('KDMV');
  vmdk.writeBigUInt64LE(8n, 28);
  vmdk.write(vmdkText('RW 2048 SPARSE "own.vmdk"\nparentFileNameHint="base.vmdk"'), 4096);
  const qcow = Buffer.alloc(512);
  qcow.write('QFI\xfb\0\0\0\x01', 0, 'latin1');
  qcow.writeBigUInt64BE(48n, 8);
  qcow.writeUInt32BE(4, 16);
  qcow.write('base', 48);
  const head = (text: string) => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(512, 1)]);
  return [
    {
      name: 'qcow2',
      bytes: qcow2({ size: 1, backing: 'base', backingFormat: 'raw', dataFile: 'd' }).subarray(0, 4096),
      hot: [[0, 200]],
    },
    { name: 'qcow', bytes: qcow },
    {
      name: 'VMDK',
      bytes: vmdk,
      hot: [
        [0, 512],
        [4096, 400],
      ],
    },
    { name: 'VMDK text', bytes: Buffer.from(vmdkText('RW 8 FLAT "x" 0\nRW 9 VMFS "y"')) },
    { name: 'VHD', bytes: vhd, hot: [[0, 640]] },
    { name: 'QED', bytes: qed, hot: [[0, 110]] },
    { name: 'VHDX', bytes: head('vhdxfile') },
    { name: 'VDI', bytes: Buffer.concat([Buffer.alloc(64), head('\x7f\x10\xda\xbe')]) },
    { name: 'Parallels', bytes: head('WithouFreSpacExt') },
  ];
}

export const diskReaders: readonly Reader[] = [
  {
    name: 'UDIF',
    weight: 2,
    samples: () => [
      ...['udif-zlib.dmg', 'udif-bz2.dmg', 'udif-adc.dmg', 'udif-lzfse.dmg', 'ronin-lzma.dmg', 'ronin-zlib.dmg'].map(
        udif,
      ),
      propertyList('udif-zlib.dmg'),
      ...tables(),
    ],
    async read({ source, signal }) {
      const image = await openUdif(source);
      if (!image) return;
      await drain(image, 1 << 20);
      if (image.size <= 4 << 20) await verifyChecksums(image, { signal });
    },
  },
  {
    name: 'sparse image',
    samples: () => [sparse()],
    async read({ source }) {
      const image = await openSparse(source);
      if (image) await drain(image, 1 << 20);
    },
  },
  {
    name: 'partition map',
    weight: 3,
    samples: maps,
    async read({ source }) {
      const map = await readPartitionMap(source);
      mapTitle(map);
      regrow(map, await findHfsPartition(map, source), 4096);
    },
  },
  {
    name: 'disk',
    samples: () => [udif('udif-gpt.dmg'), udif('keramics-zlib.dmg'), ...maps()],
    async read({ source }) {
      const disk = await openDisk(source);
      await drain(disk.source, 1 << 20);
    },
  },
  {
    name: 'virtual disk',
    samples: vmDisks,
    async read({ source }) {
      const format = await vmDiskFormat(source);
      if (format) await readVmDisk(format, source);
      else await readVmDisk('vmdk', fromBytes(await source.read(0, Math.min(4096, source.size)), source.name));
    },
  },
];
