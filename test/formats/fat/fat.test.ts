import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, StepError } from '../../../src/errors.js';
import { fromBytes, zeros } from '../../../src/formats/bytes.js';
import { HFS_EPOCH } from '../../../src/formats/entry.js';
import { checkFat, FatVolume, planFat } from '../../../src/formats/fat/index.js';
import { shortNames } from '../../../src/formats/fat/names.js';
import { needs } from '../../helpers/judges/needs.js';
import { run, scratch } from '../../helpers/judges/tool.js';
import { LONG, WHOLE } from '../../helpers/long.js';
import { bytesOf, contentGiven, contentOf, DATE, file, folder, MIB, made, trees } from './volumes.js';

const ESP = [
  file('EFI/BOOT/BOOTx64.efi', 'MZ'),
  file('EFI/OC/Drivers/OpenHfsPlus.efi', new Uint8Array(5000).fill(7)),
  file('EFI/OC/config.plist', '<plist/>'),
  folder('EFI/OC/Kexts'),
  file('EFI/BOOT/.contentVisibility', 'Disabled'),
  file('empty'),
];
ESP[5] = { path: ['empty'], data: fromBytes(new Uint8Array(0), 'empty') };

describe('a new volume', () => {
  it.each([
    [MIB, 12],
    [2 * MIB, 12],
    [8 * MIB, 16],
    [32 * MIB, 16],
    [40 * MIB, 32],
    [64 * MIB, 32],
    [300 * MIB, 32],
  ])('of %i bytes is a FAT%i', async (size, bits) => {
    const plan = planFat(ESP, { size, label: 'EFI', date: DATE });
    const volume = await FatVolume.open(fromBytes(await bytesOf(plan), 'esp'));
    expect(volume.boot.bits).toBe(bits);
    expect(volume.name).toBe('EFI');
    expect(await contentOf(volume.source)).toEqual(await contentGiven(ESP));
  });

  it('has every size from 1 MiB on, and says what it has not', () => {
    for (let size = MIB; size < 48 * MIB; size += 97 * 512) planFat([], { size, label: 'EFI', date: DATE });
    for (const size of [0, 512, 1000, 2 ** 41 + 512]) {
      expect(() => planFat([], { size, label: 'EFI', date: DATE })).toThrow(/No FAT volume has/);
    }
  });

  it('is the same for the same files, whatever their order, and another for others', async () => {
    const first = await made(ESP);
    expect(Buffer.compare(first, await made([...ESP].reverse()))).toBe(0);
    const ids = [ESP, ESP.slice(1), [...ESP, folder('x')]].map(
      (items) => planFat(items, { size: MIB, label: 'EFI', date: DATE }).volumeId,
    );
    expect(new Set(ids).size).toBe(3);
    expect(Buffer.compare(first, await made(ESP, { date: DATE + 2 }))).not.toBe(0);
  });

  it('is dated, in UTC, and finds names whatever their case', async () => {
    const volume = await FatVolume.open(fromBytes(await made(ESP), 'esp'));
    const entry = await volume.entry(['efi', 'boot', 'BOOTX64.EFI']);
    expect(entry?.path).toEqual(['EFI', 'BOOT', 'BOOTx64.efi']);
    expect(entry?.dates.modified).toBe(DATE + HFS_EPOCH);
    expect(await volume.file(['EFI'])).toBeUndefined();
    expect(await volume.entry(['EFI', 'BOOT', 'BOOTx64.efi', 'x'])).toBeUndefined();
    expect(await volume.entry(['nothing'])).toBeUndefined();
    expect((await volume.entry([]))?.kind).toBe('folder');
  });

  it('writes its boot sectors last, the first one after all', () => {
    const { headers } = planFat(ESP, { size: 40 * MIB, label: 'EFI', date: DATE });
    expect(headers.map(({ offset }) => offset)).toEqual([6 * 512, 0]);
  });

  it.each([
    ['a name too long', 'a'.repeat(256), /256 characters, where FAT holds 255/],
    ['a colon', 'a:b', /":" in it/],
    ['a control character', 'a\u0001', /in it, which FAT does not hold/],
    ['a dot at its end', 'a.', /ends with a dot or a space/],
    ['..', 'a/../b', /is no name/],
    ['half a character', 'a\ud834', /half a character/],
  ])('refuses %s', async (_, path, message) => {
    await expect(made([file(path)])).rejects.toThrow(message);
    await expect(made([file(path)])).rejects.toBeInstanceOf(StepError);
  });

  it('refuses what is one name to FAT, a file that is a folder, a label nobody reads', async () => {
    await expect(made([file('a/Readme'), file('a/README')])).rejects.toThrow(/"README" and "Readme" are one name/);
    await expect(made([file('É'), file('é')])).rejects.toThrow(/are one name/);
    await expect(made([file('a'), file('a/b')])).rejects.toThrow(/both as a file and as a folder/);
    await expect(made([file('a/b'), file('a')])).rejects.toThrow(/given twice/);
    await expect(made([], { label: 'lower' })).rejects.toThrow(/cannot be a FAT volume's label/);
  });

  it('says what does not fit', async () => {
    const big = { path: ['big'], data: zeros(2 * MIB) };
    await expect(made([big])).rejects.toThrow(/need 2,097,152 bytes; the FAT volume has room for 1,0\d\d,\d{3}/);
    await expect(made([{ path: ['huge'], data: zeros(2 ** 32) }])).rejects.toThrow(/less than 4 GiB/);
    const many = Array.from({ length: 600 }, (_, i) => file(`F${i}`, ''));
    await expect(made(many)).rejects.toThrow(/take 601 entries; a FAT12 has 512/);
  });
});

describe('short names', () => {
  const short = (...names: string[]) => shortNames(names, '/').map((name) => name.short);
  // fatgen103's algorithm; the same as mtools and Windows give.
  it.each([
    [['BOOTX64.EFI'], ['BOOTX64 EFI']],
    [['config.plist'], ['CONFIG~1PLI']],
    [['Bootx64.efi'], ['BOOTX64 EFI']],
    [['The quick brown.fox'], ['THEQUI~1FOX']],
    [['A.b.c'], ['AB~1    C  ']],
    [['.contentVisibility'], ['CONTEN~1   ']],
    [['x+y=z'], ['X_Y_Z~1    ']],
    [['é'], ['_~1        ']],
    [
      ['OpenRuntime.efi', 'OpenRuntimf.efi'],
      ['OPENRU~1EFI', 'OPENRU~2EFI'],
    ],
    [
      ['LONGFI~1.TXT', 'longfile name.txt'],
      ['LONGFI~1TXT', 'LONGFI~2TXT'],
    ],
  ])('of %j are %j', (names, expected) => {
    expect(short(...names)).toEqual(expected);
  });

  it('are made for thousands that begin alike', () => {
    const names = Array.from({ length: 12_000 }, (_, i) => `prefix${i} .kext`);
    expect(new Set(short(...names)).size).toBe(names.length);
  });
});

/** Everything on it read by mtools: `mcopy -s` to the host. */
async function byMtools(image: string): Promise<string> {
  const out = scratch('mtools');
  const { status, stderr } = await run('mcopy', ['-i', image, '-s', '-n', '-Q', '::', out], {});
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return out;
}

async function expectClean(image: string): Promise<void> {
  const { status, stdout, stderr } = await run('fsck.fat', ['-n', '-v', image]);
  if (status !== 0) throw new Error(stdout.toString() + stderr);
}

describe('judged by others', () => {
  it.for([
    [1, 12],
    [8, 16],
    [40, 32],
  ])('of %i MiB: fsck.fat, mtools and 7-Zip find what was given', async ([mib, bits], context) => {
    needs(context, 'fsck.fat', 'mdir', 'mcopy', '7z');
    const items = [...ESP, ...Array.from({ length: 90 }, (_, i) => file(`many/a rather long name ${i}.txt`, `${i}`))];
    const image = join(scratch('fat'), 'esp.img');
    writeFileSync(image, await made(items, { size: mib! * MIB }));
    await expectClean(image);
    const listing = await run('mdir', ['-i', image, '-/', '-b', '::']);
    const files = Object.keys(await contentGiven(items)).filter((path) => !path.endsWith('/'));
    expect(
      listing.stdout
        .toString()
        .trim()
        .split('\n')
        .filter((line) => !line.endsWith('/'))
        .sort(),
    ).toEqual(files.map((path) => `::/${path}`).sort());
    const seven = await run('7z', ['l', '-slt', image]);
    expect(seven.stdout.toString()).toContain(`File System = FAT${bits}`);
    expect([...seven.stdout.toString().matchAll(/^Path = (?!\/)(.*)$/gm)].map(([, path]) => path).sort()).toEqual(
      Object.keys(await contentGiven(items))
        .map((path) => path.replace(/\/$/, ''))
        .sort(),
    );
    const tested = await run('7z', ['t', image]);
    expect(tested.status).toBe(0);
    await byMtools(image);
  });
});

const COUNT = WHOLE ? 500 : LONG ? 100 : 6;

it(`random trees read back whole, and fsck.fat finds nothing: ${COUNT}`, async (context) => {
  needs(context, 'fsck.fat');
  const image = join(scratch('fat'), 'random.img');
  let first = true;
  await fc.assert(
    fc.asyncProperty(trees, fc.constantFrom(MIB, MIB, MIB, 2.5 * MIB), async (items, size) => {
      const bytes = await made(items, { size });
      expect(await contentOf(fromBytes(bytes, 'random'))).toEqual(await contentGiven(items));
      writeFileSync(image, bytes);
      await expectClean(image);
      // Once a large one: fsck.fat reads all of its table.
      if (first) {
        writeFileSync(image, await made(items, { size: 40 * MIB }));
        await expectClean(image);
        first = false;
      }
    }),
    { numRuns: COUNT },
  );
});

describe('a damaged volume', () => {
  const readAll = async (bytes: Uint8Array) => {
    try {
      await contentOf(fromBytes(bytes, 'fat'));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      expect(error.message).toMatch(/ at byte \d+: expected /);
    }
  };
  /** FAT12 has its root at sector 7, tables at 1 and 4 (1 MiB). */
  const META = 24 * 512;

  it('anywhere in its structures is a FormatError or an answer', async () => {
    const good = [await made(ESP), await made(ESP, { size: 2.5 * MIB })];
    const byte = fc.tuple(
      fc.oneof(fc.nat(90), fc.nat(META)),
      fc.oneof(fc.constantFrom(0, 1, 2, 0xe5, 0xff, 0x10), fc.nat(255)),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(1), fc.array(byte, { minLength: 1, maxLength: 5 }), async (which, changes) => {
        const bytes = good[which]!.slice();
        for (const [at, value] of changes) bytes[at] = value;
        await readAll(bytes);
      }),
      { numRuns: LONG ? 1500 : 60 },
    );
  });

  it('cut short is one', async () => {
    const good = await made(ESP);
    for (const length of [0, 100, 511, 512, 5000, good.length - 512]) {
      await expect(FatVolume.open(fromBytes(good.slice(0, length), 'fat'))).rejects.toBeInstanceOf(FormatError);
    }
  });

  it.each<[string, RegExp, (view: DataView) => void]>([
    ['no signature', /expected 55 AA/, (view) => view.setUint16(510, 0)],
    ['sectors of 100 bytes', /bytes a sector, found 100/, (view) => view.setUint16(11, 100, true)],
    ['3 sectors a cluster', /a power of two/, (view) => view.setUint8(13, 3)],
    ['tables past the end', /tables inside/, (view) => view.setUint16(22, 60_000, true)],
    ['tables too short', /a table with room/, (view) => view.setUint16(22, 1, true)],
    ['more sectors than bytes', /at most 2048 sectors/, (view) => view.setUint16(19, 5000, true)],
    ['a chain to nowhere', /a cluster from 2 to/, (view) => view.setUint16(512 + 3, 0xffef, true)],
  ])('%s', async (_, message, damage) => {
    const bytes = await made(ESP);
    damage(new DataView(bytes.buffer));
    await expect(contentOf(fromBytes(bytes, 'fat'))).rejects.toThrow(message);
  });

  it('a file larger than the volume, in a ring of clusters, is refused before the ring is followed', async () => {
    const bytes = await made([file('F')]);
    const at = bytes.findIndex(
      (_, i) => i % 32 === 0 && Buffer.from(bytes.subarray(i, i + 11)).toString() === 'F          ',
    );
    const view = new DataView(bytes.buffer);
    view.setUint32(at + 28, 0xffff_ffff, true);
    const data = await (await FatVolume.open(fromBytes(bytes, 'fat'))).file(['F']);
    await expect(data!.read(0, 512)).rejects.toThrow(/expected at most \d+ clusters, found \d+ for 4294967295 bytes/);
  });

  it('a FAT32 with few clusters, as mkfs.fat -F 32 makes them, is one', async () => {
    const bytes = (await made(ESP, { size: 40 * MIB })).slice(0, 20 * MIB);
    new DataView(bytes.buffer).setUint32(32, (20 * MIB) / 512, true);
    const volume = await FatVolume.open(fromBytes(bytes, 'fat'));
    expect([volume.boot.bits, volume.boot.clusters < 65_525]).toEqual([32, true]);
    expect(await contentOf(fromBytes(bytes, 'fat'))).toEqual(await contentGiven(ESP));
  });

  it('a folder that is in itself ends', async () => {
    const bytes = await made([file('A/B/C')]);
    const volume = await FatVolume.open(fromBytes(bytes, 'fat'));
    const a = (await volume.lookup(['A']))!.found!;
    // B's entry, behind `.`, `..`: its first cluster is that of A.
    const at = bytes.findIndex(
      (_, i) => i % 32 === 0 && Buffer.from(bytes.subarray(i, i + 11)).toString() === 'B          ',
    );
    new DataView(bytes.buffer).setUint16(at + 26, a.cluster, true);
    await expect(contentOf(fromBytes(bytes, 'fat'))).rejects.toThrow(/in another folder, too/);
  });
});

describe('a check', () => {
  const signal = new AbortController().signal;
  const findings = async (damage: (bytes: Uint8Array, view: DataView) => void, size = 2.5 * MIB) => {
    const bytes = await made(ESP, { size });
    damage(bytes, new DataView(bytes.buffer));
    return checkFat(await FatVolume.open(fromBytes(bytes, 'fat')), signal);
  };
  /** FAT16 of 2.5 MiB: the tables' first sectors. */
  const TABLES = [1, 21];
  const both = (view: DataView, cluster: number, value: number) => {
    for (const sector of TABLES) view.setUint16(sector * 512 + cluster * 2, value, true);
  };

  it.each([MIB, 2.5 * MIB, 40 * MIB])('has nothing against %i bytes of ours', async (size) => {
    expect(await findings(() => undefined, size)).toEqual([]);
  });

  it('of a FAT32 whose tables are not kept the same looks at the one that counts', async () => {
    const apart = (flags: number) =>
      findings((_, view) => {
        const [reserved, sectors] = [view.getUint16(14, true), view.getUint32(36, true)];
        view.setUint16(40, flags, true);
        // An entry of the table that does not count.
        view.setUint32((flags === 0x81 ? reserved : reserved + sectors) * 512 + 900 * 4, 7, true);
      }, 40 * MIB);
    expect(await apart(0x81)).toEqual([]);
    expect(await apart(0x80)).toEqual([]);
    expect(await apart(0)).toEqual(['the copies of the table differ in 1 entries']);
  });

  it('ends at folders in each other that nobody has', async () => {
    const bytes = await made([file(`${'a/'.repeat(300)}f`)]);
    const found = await checkFat(await FatVolume.open(fromBytes(bytes, 'fat')), signal);
    expect(found[0]).toMatch(/: more than 256 folders in each other$/);
  });

  it('finds lost clusters, short chains, what two have, copies that differ', async () => {
    expect(await findings((_, view) => both(view, 900, 0xffff))).toEqual([
      '1 clusters are taken and belong to no file',
    ]);
    expect(await findings((_, view) => view.setUint16(512 + 900 * 2, 0xffff, true))).toEqual([
      '1 clusters are taken and belong to no file',
      'the copies of the table differ in 1 entries',
    ]);
    // Folders have clusters 2 to 6; OpenHfsPlus.efi has ten from 10 on.
    expect(await findings((_, view) => both(view, 10, 0xffff))).toEqual([
      '/EFI/OC/Drivers/OpenHfsPlus.efi: expected 10 clusters for its 5000 bytes, found 1',
      '9 clusters are taken and belong to no file',
    ]);
    expect(await findings((_, view) => both(view, 10, 2))).toEqual([
      expect.stringMatching(/its cluster 2 belongs to something else, too/),
      '9 clusters are taken and belong to no file',
    ]);
  });
});
