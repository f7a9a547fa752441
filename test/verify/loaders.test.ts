import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { UF_COMPRESSED } from '../../src/formats/hfsplus/catalog-record.js';
import { openHostFile } from '../../src/host/host-file.js';
import { verifyIso } from '../../src/verify/index.js';
import { entry, noise } from '../helpers/entries.js';
import { type BootDiskOptions, bootPlist, kernelBytes, makeBootDisk } from '../helpers/judges/chameleon/boot-disk.js';
import { startWithChameleon } from '../helpers/judges/chameleon/loader.js';

const KERNEL = '/System/Library/Kernels/kernel';
const at = (path: string) => path.slice(1).split('/');
const READERS = /^(Chameleon|OpenCore|boot1h|GRUB|VirtualBox's firmware|the kernel)$/;

/** What verify says of loaders, "severity name: text", of a disk that is made so; and how the model of Chameleon starts it. */
async function said(options: BootDiskOptions = {}) {
  const path = await makeBootDisk(options);
  const file = await openHostFile(path);
  try {
    const { checks } = await verifyIso(file, { signal: new AbortController().signal });
    const lines = checks.map(({ severity = 'ok', name, text }) => `${severity} ${name}: ${text}`);
    const readers = lines.filter((_, i) => READERS.test(checks[i]!.name));
    return { lines, readers, bad: readers.filter((line) => !line.startsWith('ok ')), start: startWithChameleon(path) };
  } finally {
    await file.close();
  }
}

const pieces =
  (wanted: string, blocks = 1) =>
  (path: string) =>
    path === wanted ? blocks : undefined;
const link = (path: string, text: string) => entry(at(path), { kind: 'symlink', text });
const hardLinked = () => {
  const data = fromBytes(kernelBytes(), 'kernel');
  return [entry(at(KERNEL), { data, link: 5 }), entry(['other'], { data, link: 5 })];
};
const compressed = (path: string) => {
  const bsd = { uid: 0, gid: 0, adminFlags: 0, ownerFlags: UF_COMPRESSED, mode: 0o100644, special: 0 };
  const value = Buffer.from('66706d6303000000030000000000000078da', 'hex');
  const xattrs = [{ name: 'com.apple.decmpfs', value: fromBytes(value, 'decmpfs') }];
  return entry(at(path), { bsd, xattrs, data: fromBytes(new Uint8Array(), 'none') });
};

describe('a good disk', () => {
  it.each(['apm', 'apm2048', 'gpt'] as const)(
    'with a map of kind %s: the release’s loader reads it all',
    async (map) => {
      const { bad, readers, start } = await said({ map });
      // A map of 2048-byte blocks is for CDs in VirtualBox.
      expect(bad.filter((line) => !line.includes('VirtualBox'))).toEqual([]);
      expect(readers[0]).toMatch(/^ok Chameleon: finds the volume and reads all \d+ files and trees it may want$/);
      expect(start.outcome).toBe('starts');
    },
  );

  it('of a later release is for OpenCore', async () => {
    expect((await said({ version: '10.13.6' })).readers).toEqual([expect.stringMatching(/^ok OpenCore: finds/)]);
  });
});

describe('the end of the disk', () => {
  const CLOSE = /^error Chameleon: (.*) ends (\d+) sectors before the end of the disk; it reads 64 at a time, fails/;

  // Blocks of 512 bytes: the volume's end is as near as it can be.
  it.each([0, 30, 61, 62, 63, 100])('with %i blocks to spare: verify and the model say the same', async (spare) => {
    const { bad, start } = await said({ spare, blockSize: 512 });
    const close = bad.map((line) => CLOSE.exec(line)).filter((match) => match !== null);
    // Two more sectors hold the alternate header.
    const enough = spare + 2 >= 63;
    expect(close.length === 0).toBe(enough);
    for (const [, , behind] of close) expect(Number(behind)).toBeLessThan(63);
    if (enough) expect([start.outcome, start.console]).toEqual(['starts', []]);
    if (spare === 0) expect(start.console[0]).toMatch(/EBIOS read error/);
  });

  it('is told of the file that ends there', async () => {
    const entries = [entry(at('/Extra/smbios.plist'), { text: 'x' })];
    const full = await said({ entries, blockSize: 512, spare: 0 });
    const named = full.bad.map((line) => CLOSE.exec(line)?.[1]);
    expect(named).toEqual(expect.arrayContaining([KERNEL]));
  });
});

describe('files', () => {
  const cases: [string, BootDiskOptions, RegExp[]][] = [
    [
      'a kernel in nine extents',
      { kernelSize: 9 * 4096, pieces: pieces(KERNEL) },
      [
        /^warning OpenCore: \/System\/Library\/Kernels\/kernel is in 9 extents, and it finds 8 at most/,
        /^warning VirtualBox/,
      ],
    ],
    ['a kernel in eight', { kernelSize: 8 * 4096, pieces: pieces(KERNEL) }, []],
    [
      'a compressed kernel',
      { entries: [compressed(KERNEL)] },
      [
        /^error Chameleon: .*kernel is compressed \(decmpfs\)/,
        /^warning OpenCore/,
        /^warning VirtualBox/,
        /^warning GRUB/,
      ],
    ],
    [
      'a linked kernel',
      { entries: [link(KERNEL, '/mach_kernel'), entry(['mach_kernel'], { data: fromBytes(kernelBytes(), 'k') })] },
      [/^error Chameleon: .*kernel is a symbolic link, which it does not follow/, /^warning VirtualBox/],
    ],
    [
      'a kernel behind a linked folder',
      {
        entries: [
          link('/System/Library/Kernels', '../../Kernels'),
          entry(['Kernels', 'kernel'], { data: fromBytes(kernelBytes(), 'k') }),
        ],
      },
      [/^error Chameleon: .*kernel lies behind \/System\/Library\/Kernels, a symbolic link/, /^warning VirtualBox/],
    ],
    ['a hard-linked kernel', { entries: hardLinked() }, [/^warning VirtualBox.*hard link/, /^warning GRUB.*hard link/]],
    [
      'a kext behind a link',
      { entries: [link('/Extra/Extensions/A.kext', '/B.kext'), entry(['B.kext', 'Info.plist'], { text: 'x' })] },
      [/^error Chameleon: \/Extra\/Extensions\/A\.kext is a symbolic link/],
    ],
    [
      'a program of a kext in the resource fork',
      {
        entries: [
          entry(at('/Extra/Extensions/A.kext/Contents/MacOS/A'), {
            data: fromBytes(new Uint8Array(), 'none'),
            resource: fromBytes(noise('A', 500), 'A'),
          }),
        ],
      },
      [/^error Chameleon: .*MacOS\/A has its content in the resource fork/],
    ],
    [
      'a second stage that boot1h has no room for',
      { entries: [entry(['boot'], { data: fromBytes(noise('boot', 500_000), 'boot') })] },
      [/^warning boot1h: \/boot has 500000 bytes, and it has room for 491008/],
    ],
  ];
  it.each(cases)('%s', async (_, options, expected) => {
    const { bad } = await said(options);
    expect(bad).toEqual(expected.map((text) => expect.stringMatching(text)));
  });

  it('are an error only for the loader that starts the release', async () => {
    const { bad } = await said({ version: '10.14.6', kernelSize: 9 * 4096, pieces: pieces(KERNEL) });
    expect(bad[0]).toMatch(/^error OpenCore: .*9 extents/);
    const whole = await said({ version: '10.14.6', entries: [link('/Extra/x.kext', '/nowhere')] });
    expect(whole.bad).toEqual([expect.stringMatching(/^warning Chameleon: \/Extra\/x\.kext is a symbolic link/)]);
  });
});

describe('the volume and its map', () => {
  const cases: [string, BootDiskOptions, RegExp[]][] = [
    ['HFSX', { caseSensitive: true }, [/^warning OpenCore: the volume is HFSX/]],
    ['blocks of 64 KiB', { blockSize: 65_536 }, []],
    [
      'no UUID',
      {
        change: (bytes) => {
          bytes.fill(0, 64 * 512 + 1024 + 80 + 24, 64 * 512 + 1024 + 80 + 32);
          return bytes;
        },
      },
      [/^error the kernel: bytes 24 to 31 of finderInfo are zero/],
    ],
    ['blocks of 2048 in the map', { map: 'apm2048' }, [/^warning VirtualBox's firmware: .*only on a CD/]],
    [
      'two protective entries',
      {
        map: 'gpt',
        change: (bytes) => {
          bytes[446 + 16 + 4] = 0xee;
          return bytes;
        },
      },
      [/^error Chameleon: sector 0 has 2 entries of type 0xEE/],
    ],
  ];
  it.each(cases)('%s', async (_, options, expected) => {
    const { bad } = await said(options);
    expect(bad).toEqual(expected.map((text) => expect.stringMatching(text)));
  });
});

describe('a folder that is inside itself', () => {
  /** Where a folder's record has its CNID: behind the key's name come kind, flags and valence. */
  const cnidAt = (bytes: Buffer, name: string) => {
    const key = Buffer.concat([
      Buffer.from([0, name.length]),
      Buffer.from(name, 'utf16le').swap16(),
      Buffer.from([0, 1]),
    ]);
    return bytes.indexOf(key) + key.length + 6;
  };

  it('is gone through once, and the file system is what is wrong', async () => {
    const change = (bytes: Buffer) => {
      bytes.copy(bytes, cnidAt(bytes, 'ring'), cnidAt(bytes, 'Extra'), cnidAt(bytes, 'Extra') + 4);
      return bytes;
    };
    const { lines } = await said({ plist: null, entries: [entry(['Extra']), entry(['Extra', 'ring'])], change });
    expect(lines).toContainEqual(expect.stringMatching(/^error file system: /));
  });
});

describe('no plist', () => {
  it('is a warning where Chameleon starts the release, and nothing elsewhere', async () => {
    const { lines, start } = await said({ plist: null });
    expect(start.outcome).toBe('waits');
    expect(lines).toContainEqual(expect.stringMatching(/^warning boot plist: no .*waits at its prompt.*timeout=5/));
    expect((await said({ plist: null, version: '10.13.6' })).lines.join('\n')).not.toMatch(/boot plist/);
  });
});

describe('the plist’s Kernel', () => {
  it('decides which file is looked for', async () => {
    const { lines, start } = await said({ plist: bootPlist({ Timeout: '1', Kernel: 'mach_kernel' }) });
    expect(start.outcome).toBe('no kernel');
    expect(lines).toContainEqual(
      'error kernel: /System/Library/Kernels/mach_kernel, where Kernel=mach_kernel makes the boot loader look: expected a kernel, found nothing',
    );
    const named = await said({ kernel: '/mk', plist: bootPlist({ Timeout: '1', Kernel: '/mk' }) });
    expect(named.start.outcome).toBe('starts');
    expect(named.lines).toContainEqual(expect.stringMatching(/^ok kernel: \/mk: a Mach-O kernel/));
  });

  it('does no harm where there is a kernel cache, and is said', async () => {
    const cache = entry(at('/System/Library/PrelinkedKernels/prelinkedkernel'), {
      data: fromBytes(kernelBytes(), 'c'),
    });
    const { lines, start } = await said({
      plist: bootPlist({ Timeout: '1', Kernel: 'mach_kernel' }),
      entries: [cache],
    });
    expect([start.outcome, start.cache]).toEqual(['starts', true]);
    expect(lines).toContainEqual(expect.stringMatching(/^warning kernel: .*mach_kernel.*it starts the kernel cache$/));
  });

  it('says nothing to OpenCore', async () => {
    const { lines } = await said({ version: '10.13.6', plist: bootPlist({ Timeout: '1', Kernel: 'mach_kernel' }) });
    expect(lines).toContainEqual(expect.stringMatching(/^ok kernel: \/System\/Library\/Kernels\/kernel/));
  });
});
