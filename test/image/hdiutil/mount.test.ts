import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StepError } from '../../../src/errors.js';
import { fromBytes, observed } from '../../../src/formats/bytes.js';
import { hfsDate } from '../../../src/formats/entry.js';
import { act } from '../../../src/host/act.js';
import { hostTree } from '../../../src/image/hdiutil/host-tree.js';
import { hostName, locate, requireMounted } from '../../../src/image/hdiutil/mount-point.js';
import { MountVolume } from '../../../src/image/hdiutil/mount-volume.js';
import type { Runner } from '../../../src/image/hdiutil/program.js';
import type { Entry, Progress, Work } from '../../../src/image/types.js';
import { MOUNTS_ON } from '../../helpers/mac.js';
import { file as memoryFile, folder as memoryFolder, symlink as memoryLink } from '../../helpers/memory-tool.js';

let top: string;
let source: string;
let apart: string;
/** A link to a folder on another device: what a mount looks like from above. */
let mount: string;
let volume: MountVolume;
const reports: Progress[] = [];
const notes: string[] = [];
const work: Work = {
  signal: new AbortController().signal,
  report: (progress) => reports.push(progress),
  note: (text) => notes.push(text),
};
const runner: Runner = { act, sleep };

function volumeAt(mountPoint: string, more: Partial<ConstructorParameters<typeof MountVolume>[0]> = {}) {
  return new MountVolume({
    name: 'target',
    mountPoint,
    readOnly: false,
    runner,
    chown: async () => {},
    detach: async () => {},
    ...more,
  });
}

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'osx-iso-mount-'));
  apart = mkdtempSync(join(MOUNTS_ON!, 'osx-iso-mount-'));
  mount = join(top, 'mount');
  symlinkSync(apart, mount);
  source = join(top, 'source');
  mkdirSync(join(source, 'Packages/sub'), { recursive: true });
  writeFileSync(join(source, 'Packages/a.pkg'), 'a'.repeat(1000));
  writeFileSync(join(source, 'Packages/sub/b.pkg'), 'b');
  symlinkSync('../nowhere', join(source, 'Packages/link'));
  chmodSync(join(source, 'Packages/a.pkg'), 0o4755);
  utimesSync(join(source, 'Packages/a.pkg'), 1e9, 1e9);
  volume = volumeAt(mount);
  reports.length = 0;
  notes.length = 0;
});
afterEach(() => {
  rmSync(top, { recursive: true, force: true });
  rmSync(apart, { recursive: true, force: true });
});

const tree = () => hostTree(source, 'source');

describe('what is not mounted is never changed', () => {
  it('every change is refused where the mount point is only a folder', async () => {
    const folder = join(top, 'only a folder');
    mkdirSync(join(folder, 'System'), { recursive: true });
    symlinkSync('/x', join(folder, 'System/Packages'));
    const unmounted = volumeAt(folder);
    await expect(unmounted.remove(['System', 'Packages'])).rejects.toThrow(/expected a mounted volume/);
    await expect(unmounted.copyFrom(tree(), ['Packages'], ['P'], work)).rejects.toThrow(/expected a mounted volume/);
    await expect(unmounted.put(memoryFolder('/x'))).rejects.toThrow(/expected a mounted volume/);
    expect(readlinkSync(join(folder, 'System/Packages'))).toBe('/x');
    await expect(requireMounted(folder)).rejects.toThrow(StepError);
    await requireMounted(mount);
  });

  it('nor does a read-only volume take anything', async () => {
    const fixed = volumeAt(mount, { readOnly: true });
    await expect(fixed.put(memoryFile('/x'))).rejects.toThrow(/read-only/);
    await expect(fixed.remove(['x'])).rejects.toThrow(/read-only/);
  });

  it('no link on the volume leads off it', async () => {
    symlinkSync(source, join(apart, 'System'));
    await expect(locate(mount, ['System', 'Packages'])).rejects.toThrow(
      /expected a folder of the volume, found a link/,
    );
    await expect(volume.remove(['System', 'Packages'])).rejects.toThrow(/found a link/);
    await expect(volume.copyFrom(tree(), ['Packages'], ['System', 'P'], work)).rejects.toThrow(/found a link/);
    await expect(volume.put(memoryFile('/System/x'))).rejects.toThrow(/found a link/);
    await expect(volume.copyFrom(tree(), ['Packages'], ['System'], work)).rejects.toThrow(/found a link/);
    expect(existsSync(join(source, 'x'))).toBe(false);
    await volume.remove(['System']);
    expect(existsSync(join(source, 'Packages/a.pkg'))).toBe(true);
  });

  it.each(['..', '.', '', 'a\0b', 'a:b'])('no stored name %j gets to the host', (name) => {
    expect(() => hostName(name)).toThrow(StepError);
  });

  it('"/" in a stored name is ":" on the host', () => {
    expect(hostName('AC/DC')).toBe('AC:DC');
  });
});

describe('copying from another volume', () => {
  it('keeps modes, dates and links, and reports bytes', async () => {
    await volume.copyFrom(tree(), ['Packages'], ['P'], work);
    const copy = statSync(join(apart, 'P/a.pkg'));
    expect([copy.mode & 0o7777, copy.mtimeMs, copy.size]).toEqual([0o4755, 1e12, 1000]);
    expect(readlinkSync(join(apart, 'P/link'))).toBe('../nowhere');
    expect(reports.at(-1)).toEqual({ done: 1001, total: 1001 });
  });

  it('fills a folder that is there, and copies one file to its very name', async () => {
    mkdirSync(join(apart, 'P'));
    writeFileSync(join(apart, 'P/old'), 'old');
    await volume.copyFrom(tree(), ['Packages'], ['P'], work);
    expect(readFileSync(join(apart, 'P/old'), 'utf8')).toBe('old');
    expect(existsSync(join(apart, 'P/Packages'))).toBe(false);
    await volume.copyFrom(tree(), ['Packages', 'a.pkg'], ['renamed.pkg'], work);
    expect(statSync(join(apart, 'renamed.pkg')).size).toBe(1000);
  });

  it('copies nothing where there is nothing', async () => {
    await volume.copyFrom(tree(), ['Nothing'], ['P'], work);
    expect(existsSync(join(apart, 'P'))).toBe(false);
  });

  it('notices an owner, a mode and a size that were not kept, about which cp says nothing', async () => {
    const careless = (change: (path: string) => void): Runner => ({
      ...runner,
      act: async (program, argv, options) => {
        const acted = await act(program, argv, options);
        change(join(apart, 'P/a.pkg'));
        return acted;
      },
    });
    const copyWith = (change: (path: string) => void) =>
      volumeAt(mount, { runner: careless(change) }).copyFrom(tree(), ['Packages'], ['P'], work);
    await expect(copyWith((path) => chmodSync(path, 0o755))).rejects.toThrow(/expected the mode 104755, found 100755/);
    await expect(copyWith((path) => rmSync(path))).rejects.toThrow(/expected a copy of .*, found nothing/);
    await expect(
      copyWith((path) => {
        writeFileSync(path, 'short');
        chmodSync(path, 0o4755);
      }),
    ).rejects.toThrow(/expected 1000 bytes, found 5/);
    const others = hostTree(source, 'source');
    const foreign = {
      ...others,
      async *walk(from?: readonly string[]) {
        for await (const entry of others.walk(from)) yield { ...entry, bsd: { ...entry.bsd, uid: 4711 } };
      },
    };
    await expect(volume.copyFrom(foreign, ['Packages'], ['Q'], work)).rejects.toMatchObject({
      message: expect.stringMatching(/expected the owner 4711:\d+, found /),
      hint: expect.stringMatching(/sudo|--engine native/),
    });
  });

  it('shows what lies on the target to whoever watches, and ends when they throw', async () => {
    const seen: string[] = [];
    const watch = (check: (bytes: Uint8Array) => void) => ({
      ...tree(),
      async *walk(from?: readonly string[]) {
        for await (const entry of tree().walk(from)) {
          yield entry.data && entry.kind === 'file' ? { ...entry, data: observed(entry.data, check) } : entry;
        }
      },
    });
    await volume.copyFrom(
      watch((bytes) => seen.push(Buffer.from(bytes).toString())),
      ['Packages'],
      ['P'],
      work,
    );
    expect(seen.sort()).toEqual(['a'.repeat(1000), 'b']);
    const bad = watch(() => {
      throw new StepError('a chunk differs');
    });
    await expect(volume.copyFrom(bad, ['Packages'], ['Q'], work)).rejects.toThrow('a chunk differs');
  });

  it('ends cp on Ctrl-C', async () => {
    const controller = new AbortController();
    const slow: Runner = {
      ...runner,
      act: (_program, _argv, options) => {
        setTimeout(() => controller.abort(), 50);
        return act('sleep', ['30'], options);
      },
    };
    const copying = volumeAt(mount, { runner: slow }).copyFrom(tree(), ['Packages'], ['P'], {
      ...work,
      signal: controller.signal,
    });
    await expect(copying).rejects.toMatchObject({ exitCode: 130 });
  });
});

describe('putting what is not on the host', () => {
  const entries = (): Entry[] => [
    memoryFolder('/Kernels'),
    { ...memoryFile('/Kernels/kernel', 'code'), bsd: { ...memoryFile('/x').bsd, mode: 0o104755, uid: 3, gid: 4 } },
    memoryLink('/Kernels/link', 'kernel'),
  ];
  const dated = (entry: Entry): Entry => ({ ...entry, dates: { ...entry.dates, modified: hfsDate(1e9) } });
  const payload = (list: readonly Entry[]) => ({
    name: 'payload',
    async *walk() {
      yield* list.map(dated);
    },
    close: async () => {},
  });

  it('gives owner, mode and date, those of folders last', async () => {
    const owners: [string, number, number][] = [];
    const chown = async (path: string, uid: number, gid: number) => {
      owners.push([path.slice(mount.length), uid, gid]);
    };
    await volumeAt(mount, { chown })
      .copyFrom(payload(entries()), [], [], work)
      .catch(() => undefined);
    await volumeAt(mount, { chown }).copyFrom(payload(entries()), ['Kernels'], ['K'], work);
    expect(owners).toContainEqual(['/K/kernel', 3, 4]);
    expect(statSync(join(apart, 'K')).mtimeMs).toBe(1e12);
    expect(statSync(join(apart, 'K/kernel')).mode & 0o7777).toBe(0o4755);
    expect(statSync(join(apart, 'K/kernel')).mtimeMs).toBe(1e12);
    expect(readlinkSync(join(apart, 'K/link'))).toBe('kernel');
  });

  it('gives attributes and Finder info by xattr, and says how many stay behind', async () => {
    const calls: (readonly string[])[] = [];
    const act = async (file: string, argv: readonly string[]) => {
      calls.push([file, ...argv]);
      return { stdout: '', stderr: '' };
    };
    const value = (length: number) => fromBytes(new Uint8Array(length).fill(0xa5), 'value');
    const xattrs = [
      { name: 'org.x', value: value(2) },
      { name: '-s', value: value(1) },
      { name: 'com.apple.system.Security', value: value(44) },
      { name: 'com.apple.decmpfs', value: value(16) },
      { name: 'large', value: value((64 << 10) + 1) },
    ];
    const finderInfo = new Uint8Array(32).fill(1, 8, 9);
    const entry = { ...memoryFile('/K'), xattrs, finderInfo, resource: value(9) };
    await volumeAt(mount, { runner: { ...runner, act } }).copyFrom(payload([entry]), ['K'], ['K'], work);
    const to = join(mount, 'K');
    expect(calls).toEqual([
      ['xattr', '-wx', 'org.x', 'a5a5', to],
      ['xattr', '-wx', 'com.apple.FinderInfo', Buffer.from(finderInfo).toString('hex'), to],
    ]);
    expect(notes).toEqual([expect.stringMatching(/^5 extended attributes or forks were not copied/)]);
  });

  it('says when it cannot give a file away', async () => {
    const chown = async () => {
      throw Object.assign(new Error('no'), { code: 'EPERM' });
    };
    await expect(volumeAt(mount, { chown }).put(memoryFile('/x'))).rejects.toMatchObject({
      message: expect.stringMatching(/cannot be given to 0:0 \(EPERM\)/),
      hint: expect.stringMatching(/sudo|native/),
    });
  });

  it('replaces a file, follows no link, and does not put a file where a folder is', async () => {
    writeFileSync(join(top, 'victim'), 'kept');
    symlinkSync(join(top, 'victim'), join(apart, 'x'));
    await volume.put(memoryFile('/x', 'new'));
    expect(lstatSync(join(apart, 'x')).isFile()).toBe(true);
    await volume.put(memoryFile('/x', 'newer'));
    expect(readFileSync(join(apart, 'x'), 'utf8')).toBe('newer');
    expect(readFileSync(join(top, 'victim'), 'utf8')).toBe('kept');
    mkdirSync(join(apart, 'folder'));
    await expect(volume.put(memoryFile('/folder'))).rejects.toThrow(/cannot take the place/);
  });
});

describe('reading', () => {
  it('finds entries, reads files, and closes them before it detaches', async () => {
    writeFileSync(join(apart, 'f'), 'text');
    let open: (() => Promise<Uint8Array>) | undefined;
    const detached: boolean[] = [];
    const reading = volumeAt(mount, {
      detach: async () => {
        detached.push(
          await open!().then(
            () => true,
            () => false,
          ),
        );
      },
    });
    expect((await reading.entry(['f']))?.kind).toBe('file');
    expect(await reading.entry(['none'])).toBeUndefined();
    expect(await reading.file(['none'])).toBeUndefined();
    const source = (await reading.file(['f']))!;
    expect(source.hostPath).toBe(join(mount, 'f'));
    open = () => source.read(0, 4);
    expect(Buffer.from(await open()).toString()).toBe('text');
    await reading.close();
    expect(detached).toEqual([false]);
  });

  it('removes files and empty folders, nothing else', async () => {
    mkdirSync(join(apart, 'full'));
    writeFileSync(join(apart, 'full/f'), '');
    await expect(volume.remove(['full'])).rejects.toThrow();
    await volume.remove(['full', 'f']);
    await volume.remove(['full']);
    await expect(volume.remove(['full'])).rejects.toThrow(/there is no \/full to remove/);
    await expect(volume.remove([])).rejects.toThrow(/root folder/);
  });
});
