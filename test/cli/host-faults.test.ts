import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { zeros } from '../../src/formats/bytes.js';
import { HfsVolume } from '../../src/formats/hfsplus/volume.js';
import { emptyVolume, planVolume, StagedVolume } from '../../src/formats/hfsplus/write/index.js';
import { entry, SOME_DATE } from '../helpers/entries.js';
import { top } from '../helpers/imports.js';
import { scratch } from '../helpers/judges/tool.js';
import { LONG, points } from '../helpers/long.js';
import { smallInstaller } from '../helpers/small-installer.js';

/** The command line in a process of its own, where one of its memory's limits is met like a user's. */
function osxIso(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const program = join(top, 'bin', 'osx-iso.js');
  // Half a gigabyte is enough for everything; more is asked for by whoever believes what a file says of itself.
  const limited = ['--max-old-space-size=512', program, ...argv];
  const { status, stdout, stderr } = spawnSync(process.execPath, limited, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  expect(stderr).not.toMatch(/bug|RangeError|heap/);
  return { status, said: stdout + stderr };
}

/** Loaded first: no file gives a byte any more. */
const EIO = `--import=data:text/javascript,${encodeURIComponent(`
  import { open } from 'node:fs/promises';
  const handle = await open(process.execPath);
  Object.getPrototypeOf(handle).read = async () => { throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' }); };
  await handle.close();`)}`;

describe('a disk that gives no byte', () => {
  it('is called by the name of the file that lies on it', async () => {
    const app = await smallInstaller();
    const image = join(scratch('eio'), 'image.iso');
    writeFileSync(image, new Uint8Array(1 << 20));
    const commands: [string[], string][] = [
      [['build', '--app', app, '-o', join(scratch('eio'), 'y.iso')], 'InstallESD.dmg'],
      [['verify', image], image],
      [['inspect', image], image],
    ];
    for (const [argv, file] of points(commands, 1)) {
      const { status, said } = osxIso(argv, { NODE_OPTIONS: EIO });
      expect(status).toBe(1);
      expect(said).toContain(basename(file));
      expect(said).toMatch(/disk|read/);
    }
  });
});

it('a place for journals that cannot be made is no hindrance to a build that takes nothing of the host', async () => {
  const output = join(scratch('state'), 'y.iso');
  const env = { XDG_STATE_HOME: '/proc/nope' };
  expect(osxIso(['build', '--app', await smallInstaller(), '-o', output], env)).toMatchObject({ status: 0 });
  expect(existsSync(output)).toBe(true);
});

/** Bytes that forks in the volume below say they have, and that are holes. */
const HUGE = 3 * 2 ** 30;

/** A sparse volume of 6 GiB: a chunklist of 3 GiB, and a symbolic link whose target is as long. */
async function believed(): Promise<string> {
  const base = await HfsVolume.open(await emptyVolume({ name: 'Believed', created: SOME_DATE }));
  const staged = new StagedVolume(base, { now: SOME_DATE });
  const folders = [['System'], ['System', 'Library'], ['System', 'Library', 'CoreServices']];
  for (const path of folders) await staged.put(entry(path));
  await staged.put(
    entry([...folders[2]!, 'SystemVersion.plist'], {
      text: '<plist version="1.0"><dict><key>ProductVersion</key><string>10.10.5</string><key>ProductBuildVersion</key><string>14F27</string></dict></plist>',
    }),
  );
  await staged.put(entry(['BaseSystem.dmg'], { text: 'image' }));
  await staged.put(entry(['BaseSystem.chunklist'], { data: zeros(HUGE, 'chunklist') }));
  await staged.put(entry(['link'], { data: zeros(HUGE, 'link') }));
  const plan = await planVolume(staged, { now: SOME_DATE });
  const path = join(scratch('believed'), 'believed.img');
  const fd = openSync(path, 'w+');
  ftruncateSync(fd, plan.size);
  const small = plan.extents.filter(({ length }) => length < HUGE);
  const head = new Uint8Array(Math.max(...small.map(({ offset, length }) => offset + length)));
  for (const { offset, length, source, from } of small) head.set(await source.read(from, length), offset);
  for (const { offset, bytes } of plan.headers) {
    if (offset + bytes.length <= head.length) head.set(bytes, offset);
    else writeSync(fd, bytes, 0, bytes.length, offset);
  }
  // Only a file can be put that is so large: key (length, the root, "link"), then the record, whose mode is at 42.
  const key = Buffer.from('000e000000020004006c0069006e006b', 'hex');
  const record = Buffer.from(head.buffer).indexOf(key) + key.length;
  new DataView(head.buffer).setUint16(record + 42, 0o120755);
  writeSync(fd, head, 0, head.length, 0);
  closeSync(fd);
  return path;
}

it.runIf(LONG)('whatever size a fork says, no memory is taken for it', async () => {
  const path = await believed();
  const verified = osxIso(['verify', path]);
  expect(verified.status).toBe(5);
  expect(verified.said).toMatch(
    /BaseSystem\.chunklist: chunklist at byte 0: expected at most 4,194,304 bytes, found 3,221,225,472/,
  );
  expect(verified.said).toMatch(/a target of 1 to 1024 bytes, found 3221225472/);
  const output = join(scratch('believed'), 'link');
  const extracted = osxIso(['inspect', path, '/link', '-o', output]);
  expect([extracted.status, existsSync(output)]).toEqual([3, false]);
  expect(extracted.said).toMatch(
    /target of a symbolic link at byte 0: expected at most 4,096 bytes, found 3,221,225,472/,
  );
  expect(osxIso(['inspect', path])).toMatchObject({ status: 0, said: expect.stringContaining('/link') });
});
