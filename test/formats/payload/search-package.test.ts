import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bzip2Stream } from '../../../scripts/installer/bzip2.js';
import { FormatError } from '../../../src/errors.js';
import { type ByteSource, fromBytes } from '../../../src/formats/bytes.js';
import { encodeXz } from '../../../src/formats/codecs/xz/write.js';
import { writeCpio } from '../../../src/formats/cpio/index.js';
import { type Path, showPath } from '../../../src/formats/entry.js';
import { openPackage } from '../../../src/formats/payload.js';
import { openXar, proveArchive, writeXar } from '../../../src/formats/xar/index.js';
import { joined, orFormatError, patched } from '../../helpers/damage.js';
import { times } from '../../helpers/long.js';
import { pbzxOf } from '../../helpers/pbzx.js';
import { bomOfMade, file, folder, type Made } from './trees.js';

// Packages as a build meets them, with their Bom and their checksums: what a search in a bad one ends in.

const PART = 10_000;

/** A payload in each of its forms, in parts of PART plain bytes. */
const FORMS = {
  pbzx: (plain: Buffer) => {
    const parts: { stored: Uint8Array; plain: number }[] = [];
    for (let at = 0; at < plain.length; at += PART) {
      const part = plain.subarray(at, at + PART);
      parts.push({ stored: encodeXz(part, { check: 'crc32' }), plain: part.length });
    }
    return pbzxOf(parts);
  },
  bzip2: (plain: Buffer) => {
    const stream = new Bzip2Stream(PART);
    return Buffer.concat([...stream.write(plain), ...stream.finish()]);
  },
  cpio: (plain: Buffer) => plain,
};
type Form = keyof typeof FORMS;

async function packageOf(payload: Uint8Array, entries: readonly Made[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const members = [
    { name: 'Bom', content: fromBytes(bomOfMade(entries), 'Bom') },
    { name: 'Payload', content: fromBytes(payload, 'Payload') },
  ];
  await writeXar(members, async (bytes) => void parts.push(bytes));
  return Buffer.concat(parts);
}

/** Where the payload lies in the package. */
async function payloadOf(bytes: Buffer): Promise<{ at: number; length: number }> {
  const archive = await openXar(fromBytes(bytes, 'Essentials.pkg'));
  const { offset, length } = archive.find('Payload')!;
  return { at: archive.heap + offset, length };
}

const content = async (data: ByteSource | undefined) =>
  data && Buffer.from(await data.read(0, data.size)).toString('latin1');

/** What is below /K, and why it was not found by its order; or the FormatError. */
async function kernels(bytes: Buffer) {
  const notes: string[] = [];
  const tree = await openPackage(fromBytes(bytes, 'Essentials.pkg'), { note: (text) => notes.push(text) });
  const found = await orFormatError(async () => {
    const list: [string, string | undefined][] = [];
    for await (const { path, data } of tree.walk(['K'])) list.push([showPath(path), await content(data)]);
    return list;
  });
  await tree.close();
  return { found, notes };
}

async function proof(bytes: Buffer): Promise<string | FormatError> {
  return orFormatError(async () => {
    const proving = await proveArchive(fromBytes(bytes, 'Essentials.pkg'));
    proving.update(bytes);
    return proving.finish();
  });
}

const KERNEL = Buffer.alloc(9000, 'kernel ').toString();
const BELOW_K = [
  ['/K', undefined],
  ['/K/kernel', KERNEL],
];

/** Some hundred files around a kernel. */
const SYSTEM: readonly Made[] = [
  folder('.'),
  folder('./A'),
  ...Array.from({ length: 700 }, (_, i) => file(`./A/file ${1000 + i}`, `${i} `.repeat(i % 60))),
  folder('./K'),
  file('./K/kernel', KERNEL),
  folder('./Z'),
  ...Array.from({ length: 700 }, (_, i) => file(`./Z/file ${1000 + i}`, `${i} `.repeat(i % 60))),
];
const PLAIN = joined(writeCpio(SYSTEM));

/** With another byte in the payload, as far in as that. */
const spoiled = async (bytes: Buffer, share: number) => {
  const { at, length } = await payloadOf(bytes);
  const place = at + Math.floor(length * share);
  return patched(bytes, place, Uint8Array.of(bytes[place]! ^ 0x55));
};

it('only what the last walk gave counts as compared', async () => {
  const tree = await openPackage(fromBytes(await packageOf(await PLAIN, SYSTEM), 'Essentials.pkg'));
  const compared = async (from: Path) => {
    for await (const _ of tree.walk(from));
    return tree.compared;
  };
  expect([await compared([]), await compared(['K']), await compared([]), await compared(['K'])]).toEqual([
    false,
    true,
    false,
    true,
  ]);
  await tree.close();
});

it('a pbzx payload without a chunk: a FormatError, though the Bom lists what is wanted', async () => {
  const { found, notes } = await kernels(await packageOf(pbzxOf([]), SYSTEM));
  expect(String(found)).toContain('Payload: cpio payload at byte 0: expected an entry');
  expect(notes).toHaveLength(1);
});

// One of bzip2 as small as this is read whole before its first block is decoded, and its checksum compared then; see search.test.ts.
describe('damage in a pbzx package', () => {
  it.each([0.02, 0.97])(
    'outside the way of the search (at %d): what was looked for is right, the proof finds it',
    async (share) => {
      const good = await packageOf(FORMS.pbzx(await PLAIN), SYSTEM);
      const bytes = await spoiled(good, share);
      expect(await kernels(bytes)).toEqual({ found: BELOW_K, notes: [] });
      expect(String(await proof(good))).toMatch(/^2 members/);
      const found = await proof(bytes);
      expect(found).toBeInstanceOf(FormatError);
      expect(String(found)).toMatch(/Essentials\.pkg: .*xar member Payload/);
    },
  );
});

describe.each(['pbzx', 'bzip2'] satisfies Form[])('damage in a %s package', (form) => {
  const good = PLAIN.then((plain) => packageOf(FORMS[form](plain), SYSTEM));

  it('on the way: what was looked for is right, or a FormatError says where', async () => {
    const kernel = (await PLAIN).indexOf('./K/kernel') / (await PLAIN).length;
    const errors: string[] = [];
    for (let off = -0.02; off < 0.03; off += 0.005) {
      const { found } = await kernels(await spoiled(await good, kernel + off));
      if (found instanceof FormatError) errors.push(found.message);
      else expect(found).toEqual(BELOW_K);
    }
    expect(errors.length).toBeGreaterThan(0);
    for (const message of errors) {
      expect(message).toMatch(
        /Essentials\.pkg: (Payload: (pbzx chunk|bzip2 block)( \d+)?|.*xar member Payload).* at byte \d+: expected/,
      );
    }
  });
});

describe.each(Object.keys(FORMS) as Form[])('a hostile %s package', (form) => {
  it('whose names are in no order: what a full read gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(SYSTEM.slice(1), { minLength: 200 }), async (some) => {
        const ordered = [SYSTEM[0]!, ...some];
        const bytes = await packageOf(FORMS[form](await joined(writeCpio(ordered))), ordered);
        const { found } = await kernels(bytes);
        if (found instanceof FormatError) throw found;
        const has = (name: string) => ordered.some((entry) => entry.name === name);
        // A folder that is not listed is made up before what is in it.
        const expected = BELOW_K.filter(([path]) => has(`.${path}`) || (path === '/K' && has('./K/kernel')));
        expect(new Map(found)).toEqual(new Map(expected as [string, string | undefined][]));
      }),
      { numRuns: times(40, 2) },
    );
  });

  it('whose sizes lie: the right bytes, or a FormatError', async () => {
    const plain = await PLAIN;
    const names = SYSTEM.map(({ name }) => plain.indexOf(`${name}\0`));
    await fc.assert(
      fc.asyncProperty(fc.nat(names.length - 1), fc.bigInt({ min: 0n, max: 0o77777777777n }), async (i, size) => {
        // The size's eleven octal digits are the last field before the name.
        const lying = patched(plain, names[i]! - 11, size.toString(8).padStart(11, '0'));
        const { found } = await kernels(await packageOf(FORMS[form](lying), SYSTEM));
        if (!(found instanceof FormatError)) expect(found).toEqual(BELOW_K);
      }),
      { numRuns: times(60, 3) },
    );
  });
});
