import { fromBytes } from '../../../../src/formats/bytes.js';
import { checkFat, FatVolume } from '../../../../src/formats/fat/index.js';
import { checkVolume } from '../../../../src/formats/hfsplus/check.js';
import { decompressed } from '../../../../src/formats/hfsplus/decmpfs.js';
import { HfsVolume } from '../../../../src/formats/hfsplus/volume.js';
import { verifyIso } from '../../../../src/verify/index.js';
import { file, made } from '../../../formats/fat/volumes.js';
import { fixture } from '../../../formats/hfsplus/volumes.js';
import { guestVolume, inMap } from '../../../guest-disk/disks.js';
import { anatomy } from '../../damages/anatomy.js';
import { KINDS } from '../../damages/kinds.js';
import { intricate } from '../../damages/volumes.js';
import { Wound } from '../../damages/wound.js';
import { drain } from '../given.js';
import type { Sample } from '../mutate.js';
import type { Reader } from '../readers.js';

/** The smaller kinds: the changes go into headers, journal and trees. */
async function volumes(): Promise<Sample[]> {
  const few = { few: true, blockSize: 512 } as const;
  return [
    damageable(volume('H+', await intricate({ ...few, caseSensitive: false, journaled: false }))),
    damageable(volume('HX', await intricate({ ...few, caseSensitive: true, journaled: false }))),
    volume('guest', new Uint8Array(await guestVolume({ journaled: true, freeBlocks: 0 }))),
    volume('Apple', fixture('hfsplus/ronin-hfsplus-volume.bin.gz')),
  ];
}

function volume(name: string, bytes: Uint8Array): Sample {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const block = view.getUint32(1024 + 40);
  const forks = [112, 192, 272, 272, 352].map((at): [number, number] => [
    view.getUint32(1024 + at + 16) * block,
    view.getUint32(1024 + at + 20) * block,
  ]);
  const journal = view.getUint32(1024 + 12) * block;
  return { name, bytes, hot: [[1024, 512], ...(journal > 0 ? [[journal, 64] as const] : []), ...forks] };
}

/** One to three of the damages that fsck is asked about, too. */
function damageable(sample: Sample): Sample {
  const sound = anatomy(sample.name, sample.bytes);
  const kinds = Object.values(KINDS);
  return {
    ...sample,
    damage(bytes, random) {
      const on = { ...sound, bytes, view: new DataView(bytes.buffer) };
      const wound = new Wound(bytes, random);
      for (let i = random.below(3); i >= 0; i--) random.pick(kinds)({ on, random, wound });
    },
  };
}

/** What any reader would do: open, walk, read every fork and attribute. */
export async function readVolume(source: Parameters<typeof HfsVolume.open>[0]): Promise<void> {
  const opened = await HfsVolume.open(source);
  await opened.journal();
  for await (const entry of opened.walk()) {
    for (const one of [entry.data, entry.resource, ...entry.xattrs.map(({ value }) => value)]) {
      if (one) await drain(one, 1 << 16);
    }
    if (entry.kind === 'file') await opened.file(entry.path);
  }
}

/** An attribute with its header, and the fork that belongs to it. */
const decmpfs = (type: number, size: number, payload: Uint8Array): Sample => {
  const header = new Uint8Array(16);
  header.set([0x66, 0x70, 0x6d, 0x63, type]);
  new DataView(header.buffer).setUint32(8, size, true);
  return { name: `type ${type}`, bytes: Buffer.concat([header, payload]), hot: [[0, 32]] };
};
/** Types whose content is in the resource fork. */
const IN_FORK = new Set([4, 8, 10, 12]);

/** Small volumes: boot sector, tables, root and folders are in the first sectors. */
async function fats(): Promise<Sample[]> {
  const items = [file('EFI/BOOT/BOOTx64.efi', 'MZ'), file('EFI/OC/a long name of a driver.efi', new Uint8Array(3000))];
  const sizes = [1 << 20, 2.5 * (1 << 20)];
  const volumes = await Promise.all(sizes.map((size) => made(items, { size })));
  return volumes.map((bytes, i) => ({
    name: `FAT${i === 0 ? 12 : 16}`,
    bytes,
    hot: [
      [0, 90],
      [512, 64],
      [i === 0 ? 7 * 512 : 41 * 512, 1024],
      [i === 0 ? 39 * 512 : 73 * 512, 2048],
    ],
  }));
}

export const volumeReaders: readonly Reader[] = [
  {
    name: 'FAT: read and check',
    samples: fats,
    async read({ source, signal }) {
      const volume = await FatVolume.open(source);
      for await (const { data } of volume.walk()) if (data) await drain(data, 1 << 16);
      await checkFat(volume, signal);
    },
  },
  { name: 'HFS+: read', weight: 2, samples: volumes, read: ({ source }) => readVolume(source) },
  {
    name: 'HFS+: check',
    weight: 2,
    samples: volumes,
    async read({ source, signal }) {
      await checkVolume(source, signal);
    },
  },
  {
    name: 'verify',
    samples: async () => {
      const guest = await guestVolume({ freeBlocks: 0 });
      return (['apm', 'gpt', 'none'] as const).map((map) => {
        const bytes = new Uint8Array(inMap(guest, map));
        return {
          name: map,
          bytes,
          hot: [
            [0, 8192],
            [32 << 10, 64 << 10],
          ],
        };
      });
    },
    async read({ source, signal }) {
      await verifyIso(source, { signal });
    },
  },
  {
    name: 'decmpfs',
    samples: () => [
      decmpfs(3, 2000, fixture('hfsplus/decmpfs/real_zlib_inline.payload')),
      decmpfs(11, 2000, fixture('decmpfs/real_lzfse_inline.payload')),
      decmpfs(8, 1936, fixture('decmpfs/tahoe_type8.rsrc')),
      decmpfs(4, 150_000, fixture('hfsplus/decmpfs/real_zlib_rsrc.rsrc').subarray(0, 20_000)),
      decmpfs(12, 80_000, fixture('decmpfs/real_lzfse_rsrc.rsrc').subarray(0, 20_000)),
    ],
    async read({ bytes, source }) {
      const inFork = bytes.length > 16 && IN_FORK.has(bytes[4]!);
      const fork = fromBytes(bytes.subarray(16), 'rsrc');
      const attribute = inFork ? fromBytes(await source.read(0, 16), 'attribute') : source;
      await drain(await decompressed(attribute, inFork ? fork : undefined, 'file'), 1 << 20);
    },
  },
];
