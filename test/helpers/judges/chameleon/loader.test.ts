import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../../src/formats/bytes.js';
import { UF_COMPRESSED } from '../../../../src/formats/hfsplus/catalog-record.js';
import { entry, noise, SOME_DATE } from '../../entries.js';
import { type BootDiskOptions, bootPlist, kernelBytes, makeBootDisk, TIMEOUT_1 } from './boot-disk.js';
import { startWithChameleon } from './loader.js';

const start = async (options?: BootDiskOptions) => startWithChameleon(await makeBootDisk(options));
const KERNEL = '/System/Library/Kernels/kernel';
const PRELINKED = '/System/Library/PrelinkedKernels/prelinkedkernel';
const at = (path: string) => path.slice(1).split('/');
const file = (path: string, bytes: Uint8Array, modified = SOME_DATE) =>
  entry(at(path), {
    data: fromBytes(bytes, path),
    dates: { created: SOME_DATE, modified, changed: modified, accessed: modified, backedUp: 0 },
  });
/** A kernel cache of which the loader sees that it is one. */
const CACHE = Buffer.concat([Buffer.from('complzss'), Buffer.alloc(12, 0), noise('cache', 8000)]);

describe('a model of Chameleon', () => {
  it.each(['apm', 'apm2048', 'gpt'] as const)('starts a good disk with a map of kind %s', async (map) => {
    const { outcome, plist, kernel, label, version, console } = await start({ map });
    expect({ outcome, label, version, console }).toEqual({
      outcome: 'starts',
      label: 'Boot Disk',
      version: '10.10.5',
      console: [],
    });
    expect(plist?.bytes.toString()).toBe(TIMEOUT_1);
    expect(kernel?.path).toBe(KERNEL);
    expect(Buffer.compare(kernel!.bytes, kernelBytes())).toBe(0);
  });

  it('sees nothing without a map', async () => {
    expect((await start({ map: 'none' })).outcome).toBe('no volume');
  });

  it.each([512, 1024, 2048, 8192, 32768])('reads blocks of %i bytes, H+ and HFSX', async (blockSize) => {
    for (const caseSensitive of [false, true]) {
      expect((await start({ blockSize, caseSensitive })).outcome).toBe('starts');
    }
  });
});

describe('the partition map', () => {
  const type = (text: string) => (bytes: Buffer) => {
    bytes.fill(0, 1024 + 48, 1024 + 80);
    bytes.write(text, 1024 + 48);
    return bytes;
  };
  const then = (change: (bytes: Buffer) => unknown) => (bytes: Buffer) => {
    change(bytes);
    return bytes;
  };
  const cases: [string, BootDiskOptions, string][] = [
    ['a type that only starts like Apple_HFS', { change: type('Apple_HFSX') }, 'no volume'],
    ['an entry without PM before it', { change: then((b) => b.fill(0, 1024, 1026)) }, 'no volume'],
    ['a descriptor of 2048 with entries 512 apart', { change: then((b) => b.writeUInt16BE(2048, 2)) }, 'no volume'],
    ['a volume in the first entry', { change: (b) => b.copyWithin(512, 1024, 1536).fill(0, 1024, 1536) }, 'no volume'],
    [
      'a GPT whose header has another checksum',
      { map: 'gpt', change: then((b) => b.fill(9, 512 + 88, 512 + 89)) },
      'no volume',
    ],
    ['a GPT with two 0xEE', { map: 'gpt', change: then((b) => b.fill(0xee, 446 + 20, 446 + 21)) }, 'no volume'],
    ['a GPT without 55AA', { map: 'gpt', change: then((b) => b.fill(0, 510, 512)) }, 'no volume'],
    [
      'a GPT whose table has another checksum',
      { map: 'gpt', change: then((b) => b.fill(9, 1024 + 60, 1024 + 61)) },
      'starts',
    ],
  ];
  it.each(cases)('%s', async (_, options, outcome) => {
    expect((await start(options)).outcome).toBe(outcome);
  });
});

describe('64 sectors at a time', () => {
  const SIZE = 2 * 64 * 512 + 4096;
  /** The disk with so many sectors. */
  const cut = (sectors: (lastOfKernel: number) => number): BootDiskOptions => ({
    kernelSize: SIZE,
    change: (bytes) => {
      const end = bytes.lastIndexOf(kernelBytes(SIZE).subarray(0, 512)) + SIZE;
      return bytes.subarray(0, 512 * sectors(end / 512 - 1));
    },
  });
  const REFUSED = /EBIOS read error: Error 0x0c, Block (0x[0-9a-f]+) Sectors 64/;

  // Measured with Enoch r2839: ISOs that end 16 or 56 sectors behind the last block do not start, with 64 KiB behind they do.
  it('fails where fewer follow, and takes what it had in memory', async () => {
    const short = await start(cut((last) => last + 1));
    const [, refused] = REFUSED.exec(short.console[0] ?? '') ?? [];
    expect([short.outcome, short.kernel?.bytes.length]).toEqual(['bad kernel', SIZE]);
    expect(Buffer.compare(short.kernel!.bytes, kernelBytes(SIZE))).not.toBe(0);
    const missing = await start(cut(() => Number(refused) + 63));
    expect(missing.console).toEqual(short.console);
    const whole = await start(cut(() => Number(refused) + 64));
    expect([whole.outcome, whole.console]).toEqual(['starts', []]);
    expect(Buffer.compare(whole.kernel!.bytes, kernelBytes(SIZE))).toBe(0);
  });

  it('works wherever 64 sectors follow the last one, the last counted', async () => {
    for (const more of [64, 65, 100, 129]) {
      const { outcome, console } = await start(cut((last) => last + more));
      expect({ outcome, console }).toEqual({ outcome: 'starts', console: [] });
    }
  });
});

describe('files', () => {
  const pieces = (wanted: string) => (path: string) => (path === wanted ? 1 : undefined);

  it('are read through 8 extents and the overflow tree', async () => {
    const { outcome, kernel } = await start({ kernelSize: 20 * 4096, pieces: pieces(KERNEL) });
    expect(outcome).toBe('starts');
    expect(Buffer.compare(kernel!.bytes, kernelBytes(20 * 4096))).toBe(0);
  });

  it('are read where they are hard links', async () => {
    const data = fromBytes(kernelBytes(), 'kernel');
    const entries = [entry(at(KERNEL), { data, link: 5 }), entry(['other'], { data, link: 5 })];
    const { outcome, kernel } = await start({ entries });
    expect(outcome).toBe('starts');
    expect(Buffer.compare(kernel!.bytes, kernelBytes())).toBe(0);
  });

  it('are empty where they are compressed', async () => {
    const bsd = { uid: 0, gid: 0, adminFlags: 0, ownerFlags: UF_COMPRESSED, mode: 0o100644, special: 0 };
    const fpmc = Buffer.alloc(17);
    fpmc.write('fpmc');
    fpmc.writeUInt32LE(3, 4);
    fpmc.writeUInt32LE(1, 8);
    const xattrs = [{ name: 'com.apple.decmpfs', value: fromBytes(fpmc, 'decmpfs') }];
    const entries = [entry(at(KERNEL), { bsd, xattrs, data: fromBytes(new Uint8Array(), 'none') })];
    const { outcome, console } = await start({ entries });
    expect({ outcome, console }).toEqual({ outcome: 'no kernel', console: [`Can't find boot file: '${KERNEL}'`] });
  });

  it('are their text where they or a folder on the way are symbolic links', async () => {
    const link = (path: string, text: string) => entry(at(path), { kind: 'symlink', text });
    const kernel = await start({ entries: [link(KERNEL, '/mach_kernel'), file('/mach_kernel', kernelBytes())] });
    expect([kernel.outcome, kernel.kernel?.bytes.toString()]).toEqual(['bad kernel', '/mach_kernel']);
    const entries = [link('/Extra', 'Elsewhere'), file('/Elsewhere/org.chameleon.Boot.plist', Buffer.from(TIMEOUT_1))];
    const extra = await start({ entries });
    expect([extra.outcome, extra.plist?.bytes.toString()]).toEqual(['waits', 'Elsewhere']);
  });

  it('are found in any case on H+, not on HFSX', async () => {
    const entries = [file('/extra/Org.Chameleon.boot.plist', Buffer.from(TIMEOUT_1))];
    expect((await start({ entries, plist: null })).outcome).toBe('starts');
    expect((await start({ entries, plist: null, caseSensitive: true })).outcome).toBe('waits');
  });

  it('are found among six hundred others', async () => {
    const others = Array.from({ length: 600 }, (_, i) => entry(at(`/System/Library/Kernels/ÄÖ ${i}`), { text: 'x' }));
    expect((await start({ entries: others })).outcome).toBe('starts');
  });
});

describe('the kernel', () => {
  const cases: [string, BootDiskOptions, string, string | undefined][] = [
    ['10.9 in the root', { version: '10.9.5' }, 'starts', '/mach_kernel'],
    ['10.9 not where 10.10 has it', { version: '10.9.5', kernel: KERNEL }, 'no kernel', undefined],
    ['10.10 not in the root', { kernel: '/mach_kernel' }, 'no kernel', undefined],
    ['of a fresh cache', { entries: [file(PRELINKED, CACHE, SOME_DATE + 9)] }, 'starts', PRELINKED],
    [
      'of a cache of 10.9',
      {
        version: '10.9.5',
        entries: [file('/System/Library/Caches/com.apple.kext.caches/Startup/kernelcache', CACHE)],
      },
      'starts',
      '/System/Library/Caches/com.apple.kext.caches/Startup/kernelcache',
    ],
    [
      'itself where Extensions are newer than the cache',
      {
        entries: [
          file(PRELINKED, CACHE),
          entry(at('/System/Library/Extensions'), {
            dates: { created: 1, modified: SOME_DATE + 1, changed: 1, accessed: 1, backedUp: 0 },
          }),
        ],
      },
      'starts',
      KERNEL,
    ],
    [
      'named: mach_kernel on 10.10',
      { plist: bootPlist({ Timeout: '1', Kernel: 'mach_kernel' }) },
      'no kernel',
      undefined,
    ],
    [
      'named: mach_kernel on 10.10 where there is a cache',
      { plist: bootPlist({ Timeout: '1', Kernel: 'mach_kernel' }), entries: [file(PRELINKED, CACHE)] },
      'starts',
      PRELINKED,
    ],
    ['named by its path', { kernel: '/mk', plist: bootPlist({ Timeout: '1', Kernel: '/mk' }) }, 'starts', '/mk'],
    [
      'named by its path, cache or not',
      { plist: bootPlist({ Timeout: '1', Kernel: KERNEL }), entries: [file(PRELINKED, CACHE)] },
      'starts',
      KERNEL,
    ],
  ];
  it.each(cases)('%s', async (_, options, outcome, path) => {
    const found = await start(options);
    expect([found.outcome, found.kernel?.path]).toEqual([outcome, path]);
  });
});

describe('the plist', () => {
  it.each([
    ['without it the loader waits', { plist: null }],
    ['without Timeout, too', { plist: bootPlist({ GUI: 'No' }) }],
  ])('%s', async (_, options) => {
    expect((await start(options)).outcome).toBe('waits');
  });
});

describe('/Extra', () => {
  it('has kexts, whose plists and programs are read', async () => {
    const kext = '/Extra/Extensions/FakeSMC.kext/Contents';
    const info = `<plist version="1.0"><dict><key>CFBundleExecutable</key><string>FakeSMC</string></dict></plist>`;
    const program = noise('FakeSMC', 9000);
    const { extra } = await start({
      entries: [file(`${kext}/Info.plist`, Buffer.from(info)), file(`${kext}/MacOS/FakeSMC`, program)],
    });
    expect(extra.map(({ path }) => path)).toEqual([
      '/Extra/org.chameleon.Boot.plist',
      `${kext}/Info.plist`,
      `${kext}/MacOS/FakeSMC`,
    ]);
    expect(Buffer.compare(extra[2]!.bytes, program)).toBe(0);
  });
});

it('shares no code with what it judges', () => {
  for (const name of ['bios-disk', 'partitions', 'hfs-tree', 'hfs-reader', 'loader']) {
    expect(readFileSync(`${import.meta.dirname}/${name}.ts`, 'utf8')).not.toMatch(/from '.*\/src\//);
  }
});
