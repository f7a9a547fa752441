import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { Scope } from '../../src/core/scope.js';
import { editImage, type PlistRequest, stagePlist } from '../../src/guest-disk/index.js';
import { guardDisk, secondOpinion, strangersOf } from '../../src/vm-disk/index.js';
import { guestVolume, inMap } from '../guest-disk/disks.js';
import { find, needs } from '../helpers/judges/needs.js';
import { scratch } from '../helpers/judges/tool.js';
import { qcow2, vmdkText } from './images.js';

// Each is an image that would make QEMU open something else than itself.

const REQUEST: PlistRequest = { base: { Timeout: '2' } };
const edit = (image: string, backingOk: readonly string[] = []) =>
  editImage({ image, backingOk }, { signal: new AbortController().signal, scope: new Scope() }, (volume) =>
    stagePlist(volume, REQUEST),
  );

let folder: string;
let victim: string;
let disk: Buffer;
const at = (name: string) => join(folder, name);
function made(name: string, bytes: string | Uint8Array): string {
  writeFileSync(at(name), bytes);
  return at(name);
}
beforeEach(async () => {
  folder = scratch('guard');
  disk ??= inMap(await guestVolume(), 'none');
  victim = made('victim.raw', disk);
});

describe('somebody else’s disk stays as it is where an image names it as', () => {
  const hostile: readonly [string, () => string, RegExp][] = [
    [
      'a data file',
      () => made('h.qcow2', qcow2({ size: disk.length, dataFile: victim })),
      /its data file is another file/,
    ],
    [
      'an extent',
      () => made('h.vmdk', vmdkText(`RW ${disk.length / 512} FLAT "victim.raw" 0`)),
      /its extent is another/,
    ],
    [
      'a backing file',
      () => made('h.qcow2', qcow2({ size: disk.length, backing: victim, backingFormat: 'raw' })),
      /its backing file is another/,
    ],
    [
      'a parent',
      () => made('h.vmdk', vmdkText('RW 1 ZERO\nparentFileNameHint="victim.raw"')),
      /its backing file is another/,
    ],
  ];
  test.each(hostile)('%s', async (_, image, message) => {
    await expect(edit(image())).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(message),
      hint: expect.stringContaining(`--backing-ok ${victim}`),
    });
    await expect(edit(image())).rejects.toThrow(/named at byte \d+ of/);
    expect(readFileSync(victim).equals(disk)).toBe(true);
  });

  test('a data file or an extent, and is changed where it was named by the user', async (context) => {
    needs(context, 'qemu-img', 'qemu-nbd');
    const image = made('own.vmdk', vmdkText(`RW ${disk.length / 512} FLAT "victim.raw" 0`));
    symlinkSync(victim, at('link'));
    expect(await edit(image, [at('link')])).toMatchObject({ written: true, format: 'vmdk' });
    expect(readFileSync(victim).equals(disk)).toBe(false);
  });
});

test.each([
  'nbd://127.0.0.1:PORT/x',
  'http://127.0.0.1:PORT/x',
  'json:{"driver":"nbd","host":"127.0.0.1","port":"PORT"}',
  'fat:/etc',
])('%s is refused before anything is opened', async (name) => {
  let calls = 0;
  const server = createServer(() => calls++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const address = name.replace('PORT', String(port));
  const image = made('net.qcow2', qcow2({ size: disk.length, backing: address, backingFormat: 'raw' }));
  await expect(edit(image, [image])).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringContaining(`its backing file is ${address}`),
  });
  for (const image of [
    made('data.qcow2', qcow2({ size: disk.length, dataFile: address })),
    made('net.vmdk', vmdkText(`RW 8 FLAT "${address.replaceAll('"', '')}" 0`)),
  ])
    await expect(edit(image)).rejects.toThrow(/no plain file: it is not opened/);
  expect(calls).toBe(0);
  server.close();
});

describe('a file that the user named', () => {
  const backed = (more: object = {}) =>
    made('over.qcow2', qcow2({ size: disk.length, backing: 'victim.raw', backingFormat: 'raw', ...more }));

  test('is looked for beside the image, and is allowed by what it is', async () => {
    expect(await guardDisk(backed(), { backingOk: [victim] })).toMatchObject({
      format: 'qcow2',
      files: [{ path: at('over.qcow2') }, { path: victim }],
    });
  });

  test('must be a plain file', async () => {
    mkdirSync(at('d'));
    await expect(guardDisk(backed(), { backingOk: [at('d')] })).rejects.toThrow(/--backing-ok .*expected a plain file/);
    await expect(guardDisk(backed(), { backingOk: [at('x')] })).rejects.toThrow(/--backing-ok .*no such file/);
    const image = made('dev.qcow2', qcow2({ size: 512, backing: '/dev/zero', backingFormat: 'raw' }));
    await expect(guardDisk(image)).rejects.toThrow(/another file, \/dev\/zero/);
  });

  test('must be of a format that the image says', async () => {
    await expect(guardDisk(backed({ backingFormat: undefined }), { backingOk: [victim] })).rejects.toMatchObject({
      message: expect.stringContaining('QEMU would guess'),
      hint: expect.stringContaining('qemu-img rebase -u'),
    });
    await expect(guardDisk(backed({ backingFormat: 'nbd' }), { backingOk: [victim] })).rejects.toThrow(
      /expected one of/,
    );
  });

  test('is looked into itself, as deep as it goes', async () => {
    const middle = made('middle.qcow2', qcow2({ size: disk.length, backing: victim, backingFormat: 'raw' }));
    const top = made('top.qcow2', qcow2({ size: disk.length, backing: 'middle.qcow2', backingFormat: 'qcow2' }));
    await expect(guardDisk(top, { backingOk: [middle] })).rejects.toThrow(/middle\.qcow2: its backing file is another/);
    expect((await guardDisk(top, { backingOk: [middle, victim] })).files).toHaveLength(3);
  });

  test('that stands on itself is no disk', async () => {
    const image = made('a.qcow2', qcow2({ size: 512, backing: 'a.qcow2', backingFormat: 'qcow2' }));
    await expect(guardDisk(image, { backingOk: [image] })).rejects.toThrow(/stands on itself/);
  });
});

describe('QEMU itself', () => {
  test('looks for names where we do', async (context) => {
    needs(context, 'qemu-img');
    const signal = new AbortController().signal;
    const opinion = { label: 'disk', signal, missingHint: '' };
    const qemuImg = (...args: string[]) => execFileSync(find('qemu-img')!, args, { cwd: folder, stdio: 'pipe' });
    mkdirSync(at('sub'));
    qemuImg('create', '-q', '-f', 'vmdk', 'sub/base.vmdk', '1M');
    qemuImg('create', '-q', '-f', 'vmdk', '-b', 'base.vmdk', '-F', 'vmdk', 'sub/over.vmdk');
    qemuImg('create', '-q', '-f', 'vmdk', '-o', 'subformat=twoGbMaxExtentSparse', 'sub/two.vmdk', '1M');
    qemuImg('create', '-q', '-f', 'qed', '-b', '../victim.raw', '-F', 'raw', 'sub/over.qed');
    const cases: [string, string[]][] = [
      ['sub/over.vmdk', ['sub/base.vmdk']],
      ['sub/two.vmdk', ['sub/two-s001.vmdk']],
      ['sub/over.qed', ['victim.raw']],
    ];
    for (const [image, backingOk] of cases) {
      await expect(guardDisk(at(image)), image).rejects.toThrow(/is another file/);
      const guarded = await guardDisk(at(image), { backingOk: backingOk.map(at) });
      expect(await secondOpinion(guarded, opinion), image).toBeGreaterThan(0);
      // With one file less QEMU's word is enough.
      const blind = { ...guarded, files: guarded.files.slice(0, 1) };
      await expect(secondOpinion(blind, opinion), image).rejects.toThrow(/QEMU would open/);
    }
  });
});

test('what a process has open besides is seen', async () => {
  if (process.platform !== 'linux') return;
  const guarded = await guardDisk(victim, { format: 'raw' });
  const names = await strangersOf(process.pid, guarded.files);
  const { open } = await import('node:fs/promises');
  const [own, other] = [await open(victim), await open(made('other', 'x'))];
  expect((await strangersOf(process.pid, guarded.files)).filter((name) => !names.includes(name))).toEqual([
    at('other'),
  ]);
  await Promise.all([own.close(), other.close()]);
});
