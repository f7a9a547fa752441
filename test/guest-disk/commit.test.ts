import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../src/errors.js';
import { fromBytes, slice } from '../../src/formats/bytes.js';
import { checkVolume } from '../../src/formats/hfsplus/check.js';
import { HfsVolume } from '../../src/formats/hfsplus/volume.js';
import { type InPlacePlan, planInPlace, StagedVolume } from '../../src/formats/hfsplus/write/index.js';
import { commitInPlace } from '../../src/guest-disk/commit.js';
import { stagePlist } from '../../src/guest-disk/stage-plist.js';
import type { DiskTarget } from '../../src/guest-disk/target.js';
import { FSCK, fsck, repaired } from '../helpers/fsck.js';
import { points } from '../helpers/long.js';
import { snapshot } from '../helpers/tree-snapshot.js';
import { guestVolume, NOW } from './disks.js';

/** What happens to a disk: writes and flushes, in order. */
type Event = { readonly offset: number; readonly bytes: Uint8Array } | 'flush';

class Killed extends Error {}

/** A disk in memory that dies after `lives` events. */
function mortalDisk(disk: Buffer, lives = Number.POSITIVE_INFINITY): DiskTarget & { readonly events: Event[] } {
  const events: Event[] = [];
  const live = (event: Event) => {
    if (events.length >= lives) throw new Killed();
    events.push(event);
  };
  return {
    source: fromBytes(disk, 'disk'),
    events,
    async write(offset, bytes) {
      live({ offset, bytes: Uint8Array.from(bytes) });
      disk.set(bytes, offset);
    },
    flush: async () => live('flush'),
    close: async () => {},
  };
}

const OFFSET = 512 * 64;
const REQUEST = { base: { Timeout: '2' } };

async function planned(disk: Buffer): Promise<{ plan: InPlacePlan; headerBefore: Uint8Array }> {
  const base = await HfsVolume.open(slice(fromBytes(disk, 'disk'), OFFSET, disk.length - OFFSET));
  const staged = new StagedVolume(base, { now: NOW });
  await stagePlist(staged, REQUEST);
  return {
    plan: await planInPlace(staged, { now: NOW }),
    headerBefore: Buffer.from(disk.subarray(OFFSET + 1024, OFFSET + 1536)),
  };
}

const commit = async (disk: Buffer, target: DiskTarget, signal = new AbortController().signal) => {
  const { plan, headerBefore } = await planned(disk);
  await commitInPlace(plan, target, { volumeOffset: OFFSET, signal, headerBefore, chunk: 4096 });
};
const inDisk = (volume: Buffer) => Buffer.concat([Buffer.alloc(OFFSET, 0x5a), volume]);
const volumeOf = (disk: Buffer) => disk.subarray(OFFSET);
const seen = async (disk: Buffer) => {
  const volume = await HfsVolume.open(fromBytes(volumeOf(disk), 'volume'));
  const entries = await snapshot(volume);
  const plist = entries.get('/Extra/org.chameleon.Boot.plist');
  // The dates of what is new are those of the clock.
  return new Map(
    [...entries].map(([path, { dates: _, ...rest }]) => [
      path,
      path === '/' || path === '/Extra'
        ? rest.kind
        : plist && path.startsWith('/Extra/')
          ? rest.content
          : entries.get(path),
    ]),
  );
};

/** What Apple's fsck makes of the volume; it says that it is clean then. */
function mended(disk: Buffer): Buffer {
  const { volume, status } = repaired(volumeOf(disk));
  expect(status).toBe(0);
  return Buffer.concat([disk.subarray(0, OFFSET), volume]);
}

const GUESTS: readonly [string, Parameters<typeof guestVolume>[0]][] = [
  ['HFSX, journaled', { caseSensitive: true, journaled: true }],
  ['HFS+', {}],
  ['HFS+ with an old plist', { extra: { 'org.chameleon.Boot.plist': 'old' } }],
];

describe.each(points(GUESTS, 1))('a guest of %s killed at any write', (_, options) => {
  it('has the old volume or the new one, and both are clean', async () => {
    const original = inDisk(await guestVolume(options));
    const before = await seen(original);
    const done = Buffer.from(original);
    const whole = mortalDisk(done);
    await commit(done, whole);
    const after = await seen(done);
    expect(after).not.toEqual(before);
    expect(whole.events.length).toBeGreaterThan(10);
    let news = 0;
    let between = 0;
    for (let lives = 0; lives < whole.events.length; lives++) {
      const disk = Buffer.from(original);
      await expect(commit(disk, mortalDisk(disk, lives))).rejects.toThrow(Killed);
      const found = await seen(disk);
      const isNew = found.has('/Extra/org.chameleon.Boot.plist') && lives >= whole.events.length - 1;
      if (isNew) news++;
      expect(found).toEqual(isNew ? after : before);
      const betweenHeaders =
        disk.subarray(-1024, -512).compare(original, original.length - 1024, original.length - 512) !== 0 && !isNew;
      if (betweenHeaders) {
        between++;
        // The headers differ for one write. fsck goes by the alternate one: a repair ends with the new volume.
        if (FSCK) expect(await seen(mended(disk))).toEqual(after);
      } else if (FSCK) expect(fsck(volumeOf(disk))).toMatchObject({ status: 0 });
      expect(disk.subarray(0, OFFSET).every((byte) => byte === 0x5a)).toBe(true);
    }
    // Killed before the last flush; between the headers: before the flush there, and after it.
    expect([news, between]).toEqual([1, 2]);
    expect(await checkVolume(fromBytes(volumeOf(done), 'volume'))).toEqual([]);
  });

  it('loses no more where the host has not kept the order between two flushes', async () => {
    const original = inDisk(await guestVolume(options));
    const before = await seen(original);
    const done = Buffer.from(original);
    const whole = mortalDisk(done);
    await commit(done, whole);
    const { events } = whole;
    const after = await seen(done);
    const flushes = events.flatMap((event, i) => (event === 'flush' ? [i] : []));
    expect(flushes.length).toBe(3);
    expect(events.at(-1)).toBe('flush');
    // Everything up to a flush is there; of what comes between it and the next any part may be.
    const states = fc.tuple(
      fc.nat(flushes.length - 1),
      fc.array(fc.boolean(), { minLength: events.length, maxLength: events.length }),
    );
    await fc.assert(
      fc.asyncProperty(states, async ([next, kept]) => {
        const disk = Buffer.from(original);
        const from = next === 0 ? 0 : flushes[next - 1]!;
        for (const [i, event] of events.slice(0, flushes[next]!).entries()) {
          if (event !== 'flush' && (i < from || kept[i])) disk.set(event.bytes, event.offset);
        }
        const last = kept[flushes[2]! - 1] && next === 2;
        expect(await seen(disk)).toEqual(last ? after : before);
      }),
      { numRuns: 60 },
    );
  });
});

describe('commitInPlace', () => {
  it('stops at a Ctrl-C before the headers, and the volume is as it was', async () => {
    const disk = inDisk(await guestVolume());
    const before = await seen(disk);
    const controller = new AbortController();
    const target = mortalDisk(disk);
    const write = target.write.bind(target);
    target.write = async (offset, bytes) => {
      await write(offset, bytes);
      controller.abort();
    };
    await expect(commit(disk, target, controller.signal)).rejects.toThrow(Interrupted);
    expect(target.events.length).toBe(1);
    expect(await seen(disk)).toEqual(before);
  });

  it('writes no header over a volume that somebody else has changed', async () => {
    const disk = inDisk(await guestVolume());
    const { plan, headerBefore } = await planned(disk);
    const target = mortalDisk(disk);
    const write = target.write.bind(target);
    let count = 0;
    target.write = async (offset, bytes) => {
      await write(offset, bytes);
      if (++count === 3) disk[OFFSET + 1024 + 71]! ^= 1;
    };
    const options = { volumeOffset: OFFSET, signal: new AbortController().signal, headerBefore, chunk: 4096 };
    await expect(commitInPlace(plan, target, options)).rejects.toThrow(/somebody else has changed the volume/);
    for (const event of target.events) {
      if (event !== 'flush') expect(event.offset).not.toBe(OFFSET + 1024);
    }
  });
});
