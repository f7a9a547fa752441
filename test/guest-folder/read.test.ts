import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import type { Guest } from '../../src/guest-folder/guest.js';
import { guestText, parseGuest, readGuest } from '../../src/guest-folder/read.js';
import { GUEST_SCHEMA } from '../../src/guest-folder/schema.js';
import { scratch } from '../helpers/judges/tool.js';
import { WHOLE } from './guests.js';

const fault = (text: string) => {
  try {
    return parseGuest(text, 'yosemite/guest.json');
  } catch (error) {
    if (error instanceof UserError) return { message: error.message, code: error.exitCode };
    throw error;
  }
};
/** The description with a field changed by hand. */
const broken = (change: (guest: Record<string, unknown>) => void) => {
  const guest = JSON.parse(guestText(WHOLE)) as Record<string, unknown>;
  change(guest);
  return fault(`${JSON.stringify(guest, null, 2)}\n`);
};

test('reads what it writes, every field of it', () => {
  expect(parseGuest(guestText(WHOLE), 'x')).toEqual(WHOLE);
  expect(parseGuest(`\ufeff${guestText(WHOLE)}`, 'x')).toEqual(WHOLE);
  const { schema, release, installed, disks, chipset, network, mac, uuid } = WHOLE;
  const least: Guest = { schema, release, installed, disks, chipset, network, mac, uuid };
  expect(parseGuest(guestText(least), 'x')).toEqual(least);
});

describe('says file, line, field, expected and found', () => {
  test.each<[string, (guest: Record<string, unknown>) => void, RegExp]>([
    [
      'another schema',
      (g) => (g.schema = 2),
      /^yosemite\/guest.json, line 2, schema: expected 1 \(a higher number is of a newer osx-iso\), found 2\.$/,
    ],
    [
      'a misspelt field',
      (g) => (g.memmory = 4096),
      /line \d+, memmory: expected no such field \(is "memory" meant\?\), found 4096/,
    ],
    ['a field that is nowhere', (g) => (g.sound = true), /sound: expected no such field, found true/],
    [
      'a field of an object that is nowhere',
      (g) => (g.ssh = { ports: 2222 }),
      /ssh\.ports: expected no such field \(is "port" meant\?\)/,
    ],
    ['a missing field', (g) => delete g.mac, /line 1, mac: expected a MAC address .*, found nothing/],
    [
      'a text for a number',
      (g) => (g.memory = '4G'),
      /memory: expected a whole number from 128 to 1048576 \(MiB\), found "4G"/,
    ],
    ['half a processor', (g) => (g.processors = 1.5), /processors: expected a whole number from 1 to 64, found 1\.5/],
    ['null', (g) => (g.iso = null), /iso: expected a path, found null/],
    ['an empty path', (g) => (g.iso = ''), /iso: expected a path, found ""/],
    ['a path with a NUL', (g) => (g.iso = 'a\0b'), /iso: expected a path, found "a\\u0000b"/],
    ['a release there is none of', (g) => (g.release = '10.5'), /release: expected one of "10\.6", .*, found "10\.5"/],
    ['a multicast address', (g) => (g.mac = '53:54:00:12:34:56'), /mac: expected a MAC address of one card/],
    ['a UUID that is none', (g) => (g.uuid = 'mine'), /uuid: expected a UUID in lower case, found "mine"/],
    [
      'a loader of no kind',
      (g) => (g.loader = { file: 'boot' }),
      /loader\.kind: expected one of "chameleon", .*, found nothing/,
    ],
    [
      'a loader of another kind',
      (g) => (g.loader = { kind: 'clover', file: 'x' }),
      /loader\.kind: expected one of .*, found "clover"/,
    ],
    [
      'a loader with a field of another',
      (g) => (g.loader = { kind: 'efi', file: 'x', append: 'y' }),
      /loader\.append: expected no such field/,
    ],
    ['a disk that is a text', (g) => (g.disks = ['disk.qcow2']), /disks\[0\]: expected an object, found "disk\.qcow2"/],
    ['too many disks', (g) => (g.disks = Array(9).fill({ file: 'x' })), /disks: expected a list of at most 4, found 9/],
    [
      'a port that is none',
      (g) => (g.forwards = [{ host: 80, guest: 0 }]),
      /forwards\[0\]\.guest: expected a whole number from 1 to 65535, found 0/,
    ],
    ['a very long text', (g) => (g.network = 'x'.repeat(500)), /network: expected one of .*, found "x{10,60}…"\.$/],
  ])('%s', (_, change, words) => {
    expect(broken(change)).toEqual({ message: expect.stringMatching(words), code: 3 });
  });

  test('everything at once, each on its own line', () => {
    const { message } = broken((guest) => {
      guest.memory = 1;
      guest.processors = 100;
      delete guest.uuid;
    }) as { message: string };
    expect(message.split('\n')).toHaveLength(3);
  });

  test.each([
    ['[]', 'yosemite/guest.json, line 1, the file: expected an object, found a list.'],
    ['{\n"schema": 1,\n}', 'yosemite/guest.json, line 3: expected a name in double quotes, found }.'],
    ['', 'yosemite/guest.json, line 1: expected a value, found the end of the file.'],
  ])('of %j', (text, message) => {
    expect(fault(text)).toEqual({ message, code: 3 });
  });

  test('a description that is no file, and one of a gigabyte', async () => {
    const folder = scratch('guest');
    await expect(readGuest(folder)).rejects.toThrow('guest.json: no such file or folder.');
    mkdirSync(join(folder, 'guest.json'));
    await expect(readGuest(folder)).rejects.toThrow('expected a file, found a folder');
    const large = scratch('guest');
    writeFileSync(join(large, 'guest.json'), 'x'.repeat(70_000));
    await expect(readGuest(large)).rejects.toThrow('expected at most 65,536 bytes, found 70,000');
  });
});

test('schemas/guest.schema.json says the same', () => {
  const published = readFileSync(join(import.meta.dirname, '../../schemas/guest.schema.json'), 'utf8');
  expect(JSON.parse(published)).toEqual(GUEST_SCHEMA);
});
