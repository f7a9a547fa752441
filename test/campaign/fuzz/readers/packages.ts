import { createHash } from 'node:crypto';
import { deflateSync, gzipSync, inflateSync } from 'node:zlib';
import { readAppleDouble } from '../../../../src/formats/appledouble.js';
import { readBom } from '../../../../src/formats/bom.js';
import { chunks, fromBytes } from '../../../../src/formats/bytes.js';
import { type CpioInput, readCpio, writeCpio } from '../../../../src/formats/cpio/index.js';
import { openPackage } from '../../../../src/formats/payload.js';
import { openPbzx, unpbzx } from '../../../../src/formats/pbzx/index.js';
import { readEfiProgram } from '../../../../src/formats/pe.js';
import { encodeXarHeader } from '../../../../src/formats/xar/header.js';
import { openXar, proveArchive, writeXar } from '../../../../src/formats/xar/index.js';
import { openPackageLayers } from '../../../../src/inspect/package-layers.js';
import { openZip } from '../../../../src/opencore/zip.js';
import { fixture } from '../../../formats/hfsplus/volumes.js';
import { appleDouble } from '../../../helpers/appledouble.js';
import { bomOfNames } from '../../../helpers/bom.js';
import { joined } from '../../../helpers/damage.js';
import { releaseFiles } from '../../../helpers/opencore.js';
import { mixedPbzx } from '../../../helpers/pbzx.js';
import { zipOf } from '../../../helpers/zip.js';
import { drain, drainAll } from '../given.js';
import type { Sample } from '../mutate.js';
import type { Reader } from '../readers.js';

const file = (name: string, text: string, more: Partial<CpioInput> = {}): CpioInput => {
  const data = Buffer.from(text, 'latin1');
  return { name, mode: 0o100644, size: data.length, data: [data], ...more };
};
const CANARY = 'NULLcanary'.padEnd(64, '\0');
const TREE: readonly CpioInput[] = [
  { name: '.', mode: 0o40755 },
  { name: './System', mode: 0o40755 },
  file('./System/kernel', 'kernel '.repeat(40)),
  { name: './System/link', mode: 0o120755, size: 6, data: [Buffer.from('kernel')] },
  file('./System/._kernel', appleDouble({ finderInfo: 'TEXTttxt'.padEnd(32), xattrs: { a: 'b' } }).toString('latin1')),
  file('./one', CANARY, { ino: 77, nlink: 2 }),
  file('./two', 'x'.repeat(64), { ino: 77, nlink: 2 }),
  { name: './console', mode: 0o20622, rdev: { major: 3, minor: 7 } },
];
const cpio = (format: 'odc' | 'newc') => joined(writeCpio(TREE, format));

async function xar(members: Parameters<typeof writeXar>[0]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await writeXar(members, async (bytes) => void parts.push(bytes));
  return Buffer.concat(parts);
}
const packageOf = (payload: Uint8Array) =>
  xar([
    { name: 'Payload', content: fromBytes(payload, 'Payload') },
    {
      name: 'Bom',
      content: fromBytes(bomOfNames(['', 'System', 'System/kernel', 'one', 'two']), 'Bom'),
      compress: true,
    },
  ]);

/** Changes the table of contents as the text that it is; header and checksum fit. */
function tocOf(name: string, bytes: Uint8Array): Sample {
  const archive = Buffer.from(bytes);
  const header = archive.readUInt16BE(4);
  const stored = Number(archive.readBigUInt64BE(8));
  const heap = archive.subarray(header + stored + 20);
  return {
    name: `${name}, table of contents`,
    bytes: inflateSync(archive.subarray(header, header + stored)),
    wrap(plain) {
      const toc = deflateSync(plain);
      const digest = createHash('sha1').update(toc).digest();
      return Buffer.concat([
        encodeXarHeader({ tocStored: toc.length, tocPlain: plain.length, digest: 'sha1' }),
        toc,
        digest,
        heap,
      ]);
    },
  };
}

async function xars(): Promise<Sample[]> {
  const names = [
    'sparkle-test.pkg',
    'mackyle-demo.xar',
    'magika-hello.xar',
    'libarchive-test_read_format_xar_doublelink.xar',
  ];
  const real = names.map((name): Sample => ({ name, bytes: fixture(`packages/${name}`), hot: [[0, 64]] }));
  const made = await packageOf(gzipSync(await cpio('odc')));
  return [
    ...real,
    ...real.filter(({ bytes }) => bytes[27] === 1).map(({ name, bytes }) => tocOf(name, bytes)),
    tocOf('made', made),
  ];
}

/** A package around a payload that is changed before it is packed. */
async function packages(): Promise<Sample[]> {
  const forms: readonly (readonly [string, (plain: Buffer) => Uint8Array])[] = [
    ['stored', (plain) => plain],
    ['gzip', (plain) => gzipSync(plain)],
    ['pbzx', (plain) => mixedPbzx(plain, 300)],
  ];
  const samples: Sample[] = [];
  for (const [name, pack] of forms) {
    for (const format of ['odc', 'newc'] as const) {
      const plain = await cpio(format);
      samples.push({
        name: `${name} ${format}`,
        bytes: plain,
        wrap: (changed) => packageOf(pack(Buffer.from(changed))),
      });
    }
    samples.push({ name: `${name}, packed`, bytes: pack(await cpio('odc')), wrap: packageOf });
  }
  return samples;
}

const plainCpio = async (): Promise<Sample[]> => [
  { name: 'odc', bytes: await cpio('odc'), hot: [[0, 80]] },
  { name: 'newc', bytes: await cpio('newc'), hot: [[0, 120]] },
];

export const packageReaders: readonly Reader[] = [
  {
    name: 'zip of OpenCore',
    samples: () => {
      const bytes = zipOf([...releaseFiles()].map(([name, content]) => ({ name, bytes: content })));
      return [{ name: 'release', bytes, hot: [[bytes.length - 1000, 1000]] }];
    },
    async read({ source }) {
      const { members } = await openZip(source, async () => {});
      for (const member of members) if (/X64.*efi$/.test(member.path)) readEfiProgram(await member.read(), member.path);
    },
  },
  {
    name: 'xar',
    weight: 2,
    samples: xars,
    async read({ source }) {
      const archive = await openXar(source);
      await archive.signatureState();
      for (const { path } of archive.members) {
        await drainAll(archive.stream(path));
        await drain(archive.member(path));
      }
    },
  },
  {
    name: 'package',
    weight: 2,
    samples: async () => [...(await packages()), ...(await xars())],
    async read({ source, signal }) {
      const tree = await openPackage(source);
      try {
        for await (const entry of tree.walk()) if (entry.data) await drain(entry.data, 1 << 16);
        for await (const entry of tree.walk(['System'])) if (entry.resource) await drain(entry.resource, 1 << 16);
        await tree.verify({ signal });
      } finally {
        await tree.close();
      }
    },
  },
  {
    name: 'package: looked into',
    samples: async () => [...(await packages()), ...(await xars())],
    async read({ source, signal }) {
      const { tree, prove } = await openPackageLayers(source);
      for await (const _ of tree.walk());
      await prove?.([], signal);
      const proof = await proveArchive(source);
      for await (const part of chunks(source)) proof.update(part);
      await proof.finish();
    },
  },
  {
    name: 'cpio',
    samples: plainCpio,
    async read(given) {
      for await (const entry of readCpio(given.stream(), 'Payload'))
        if (entry.key.length % 2 === 0) await drainAll(entry.data());
    },
  },
  {
    name: 'pbzx',
    samples: async () => {
      const plain = await cpio('odc');
      return [300, 5000].map((size) => ({ name: `chunks of ${size}`, bytes: mixedPbzx(plain, size), hot: [[0, 40]] }));
    },
    async read({ source }) {
      await drainAll(unpbzx(source));
      const plain = await openPbzx(source);
      if (plain.size > 0) await plain.read(plain.size - 1, 1);
    },
  },
  {
    name: 'Bom',
    samples: () => [
      {
        name: 'made',
        bytes: bomOfNames(['', ...Array.from({ length: 40 }, (_, i) => `usr/f${i}`), 'usr'], 7),
        hot: [[0, 32]],
      },
    ],
    read({ bytes }) {
      const bom = readBom(bytes, 'Bom');
      bom.below(['usr']);
      bom.below([]);
    },
  },
  {
    name: 'AppleDouble',
    samples: () => [
      {
        name: 'made',
        bytes: appleDouble({ finderInfo: 'x'.repeat(32), resource: 'fork', xattrs: { a: 'b', cd: 'e'.repeat(300) } }),
        hot: [[0, 200]],
      },
    ],
    async read({ source }) {
      const double = await readAppleDouble(source);
      for (const { value } of double?.xattrs ?? []) await drain(value);
      if (double?.resource) await drain(double.resource);
    },
  },
];
