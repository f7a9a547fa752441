import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SourceError } from '../../src/errors.js';
import { checkLoader, isMultiboot } from '../../src/launch/multiboot.js';
import { scratch } from '../helpers/judges/tool.js';
import { makeMultibootStub } from './multiboot-stub.js';

const stub = makeMultibootStub('x');
const at = (offset: number) => Buffer.concat([Buffer.alloc(offset), stub]);

test.each([
  [0, true],
  [4, true],
  [8192 - 12, true],
  [8192 - 8, false],
  [8192, false],
  [2, false],
])('a multiboot header at byte %i: %s', (offset, expected) => {
  expect(isMultiboot(at(offset))).toBe(expected);
});

test('a header cut short, or with a wrong checksum, is none', () => {
  for (let length = 0; length < 12; length++) expect(isMultiboot(stub.subarray(0, length))).toBe(false);
  const bad = Buffer.from(stub);
  bad[8]! ^= 1;
  expect(isMultiboot(bad)).toBe(false);
});

describe('a loader that is given', () => {
  const file = (content: Uint8Array | string) => {
    const path = join(scratch('loader'), 'boot');
    writeFileSync(path, content);
    return path;
  };
  const sector = Buffer.alloc(512);
  sector.writeUInt16LE(0xaa55, 510);

  test('may be any multiboot file', async () => {
    await expect(checkLoader(file(at(1000)))).resolves.toBeUndefined();
  });

  test.each([
    ['an empty file', ''],
    ['a boot sector (boot0, boot1h or cdboot)', sector],
    ['an EFI program (use --firmware uefi --loader)', 'MZ….'],
    ['a zip archive: unpack it first', 'PK\x03\x04…'],
    ['a web page: the download went wrong', '\n<!DOCTYPE html><html>'],
    ['a disk of a virtual machine (qcow2)', Buffer.from('QFI\xfb', 'latin1')],
    ['something else', Buffer.alloc(9000, 7)],
  ])('is refused when it is %s', async (found, content) => {
    const path = file(content);
    const error = await checkLoader(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceError);
    expect((error as SourceError).message).toBe(
      `--chameleon ${path}: expected a loader with a multiboot header, found ${found}.`,
    );
    expect((error as SourceError).hint).toContain('second stage');
  });

  test.each([
    ['/nowhere/boot', 'no such file or folder'],
    ['/', 'expected a file, found a folder'],
  ])('%s: %s', async (path, words) => {
    await expect(checkLoader(path)).rejects.toMatchObject({ message: `--chameleon ${path}: ${words}.`, exitCode: 3 });
  });
});
