import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { createDisk, examineDisk, parseSize } from '../../src/launch/disks.js';
import { find, needs } from '../helpers/judges/needs.js';
import { kept, run, scratch } from '../helpers/judges/tool.js';

let folder: string;
beforeEach(() => {
  folder = scratch('disks');
});

describe('a size', () => {
  test.each([
    ['30G', 30 * 2 ** 30],
    ['30g', 30 * 2 ** 30],
    ['30GiB', 30 * 2 ** 30],
    ['1M', 2 ** 20],
    ['2048K', 2 ** 21],
    ['1T', 2 ** 40],
    ['32212254720', 32212254720],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(['', 'G', '-1G', '1.5G', '0', '1023K', '30X', '999999999999T', 'NaN'])('%j is none', (text) => {
    expect(() => parseSize(text)).toThrow(/expected a size of 1M or more, like 30G/);
  });
});

describe('a new disk', () => {
  test('is an empty qcow2', async (context) => {
    needs(context, 'qemu-img');
    const file = join(folder, 'a, b.qcow2');
    expect(await createDisk(file, 2 ** 30)).toEqual({ file, format: 'qcow2', size: 2 ** 30 });
    expect(await examineDisk(file)).toEqual({ file, format: 'qcow2', size: 2 ** 30 });
  });

  test('never takes the place of a file', async () => {
    const file = join(folder, 'there');
    writeFileSync(file, 'mine');
    await expect(createDisk(file, 2 ** 30)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('stays'),
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  test('needs a folder', async () => {
    await expect(createDisk(join(folder, 'no', 'x'), 2 ** 30)).rejects.toMatchObject({ exitCode: 2 });
  });

  test('that could not be made leaves nothing', async (context) => {
    needs(context, 'qemu-img');
    const file = join(folder, 'huge');
    // More than a qcow2 of QEMU's can have.
    await expect(createDisk(file, Number.MAX_SAFE_INTEGER)).rejects.toThrow();
    expect(existsSync(file)).toBe(false);
  });
});

describe('a disk that is given', () => {
  test('may be raw', async (context) => {
    needs(context, 'qemu-img');
    const file = join(folder, 'raw.img');
    writeFileSync(file, new Uint8Array(1 << 20));
    expect(await examineDisk(file)).toMatchObject({ format: 'raw', size: 1 << 20 });
  });

  test('must be there', async () => {
    await expect(examineDisk('/nowhere/hdd')).rejects.toMatchObject({
      exitCode: 3,
      message: '--disk /nowhere/hdd: no such file.',
      hint: 'Make it: osx-iso disk create /nowhere/hdd --size 30G',
    });
  });

  test('must be a file', async () => {
    mkdirSync(join(folder, 'd'));
    await expect(examineDisk(join(folder, 'd'))).rejects.toThrow('expected a disk image');
  });

  test('must be writable', async (context) => {
    if (process.getuid?.() === 0) {
      // Root may write to everything; what is asked is asked of the file system all the same.
      expect(process.getuid()).toBe(0);
      return;
    }
    needs(context, 'qemu-img');
    const file = join(folder, 'ro');
    writeFileSync(file, new Uint8Array(1 << 20));
    chmodSync(file, 0o444);
    await expect(examineDisk(file)).rejects.toThrow('you may not');
  });

  test('must be whole', async (context) => {
    needs(context, 'qemu-img');
    const file = join(folder, 'cut');
    writeFileSync(file, 'QFI\u00fb\0\0\0\u0009nonsense'.repeat(40), 'latin1');
    await expect(examineDisk(file)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(`--disk ${file}: `),
    });
  });

  test('must not be in use by another guest', async (context) => {
    needs(context, 'qemu-img', 'qemu-system-x86_64');
    const file = join(folder, 'used.qcow2');
    await createDisk(file, 1 << 24);
    const words = ['-no-user-config', '-nodefaults', '-machine', 'q35,accel=tcg', '-display', 'none', '-S'];
    const drive = ['-drive', `file=${file},format=qcow2,if=none,id=x`, '-device', 'ide-hd,drive=x'];
    const ready = join(folder, 'pid');
    const other = kept(
      spawn(find('qemu-system-x86_64')!, [...words, ...drive, '-pidfile', ready], { stdio: 'ignore' }),
    );
    // However long it takes on a busy computer.
    while (!existsSync(ready) && other.exitCode === null) await sleep(50);
    await expect(examineDisk(file)).rejects.toMatchObject({
      // In use: one code in all commands.
      exitCode: 4,
      message: `--disk ${file}: in use by another program, as by another guest.`,
    });
    const gone = new Promise((resolve) => other.once('exit', resolve));
    other.kill('SIGKILL');
    await gone;
    expect(await examineDisk(file)).toMatchObject({ format: 'qcow2' });
  });

  test('is no layer over another file, unless that is named', async (context) => {
    needs(context, 'qemu-img');
    const base = join(folder, 'base.raw');
    writeFileSync(base, new Uint8Array(1 << 20));
    const file = join(folder, 'layer.qcow2');
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'raw', file]);
    const refused = {
      exitCode: 3,
      message: expect.stringMatching(
        /^--disk .*layer\.qcow2: its backing file is another file, .*base\.raw \(named at byte \d+/,
      ),
      hint: expect.stringContaining(`--backing-ok ${base}`),
    };
    await expect(examineDisk(file)).rejects.toMatchObject(refused);
    // What the disk is, is no word about what it may open.
    await expect(examineDisk(file, { format: 'qcow2' })).rejects.toMatchObject(refused);
    await expect(examineDisk(file, { backingOk: [file] })).rejects.toMatchObject(refused);
    expect(await examineDisk(file, { backingOk: [base] })).toMatchObject({ format: 'qcow2', size: 1 << 20 });
    const outside = join(folder, 'outside.qcow2');
    const data = `data_file=${join(folder, 'data')}`;
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', data, outside, '1M']);
    await expect(examineDisk(outside)).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining(folder) });
  });

  test('is of a format that is a file’s', async () => {
    const file = join(folder, 'raw.img');
    writeFileSync(file, new Uint8Array(1 << 20));
    await expect(examineDisk(file, { format: 'nbd' })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('expected one of raw, qcow2'),
    });
  });
});
