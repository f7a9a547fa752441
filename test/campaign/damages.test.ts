import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { checkVolume } from '../../src/formats/hfsplus/check.js';
import { expectClean } from '../helpers/clean-volume.js';
import { FSCK, fsckFile, WITHOUT_FSCK } from '../helpers/fsck.js';
import { scratch } from '../helpers/judges/tool.js';
import { LONG } from '../helpers/long.js';
import { campaignSeed, Random } from '../helpers/random.js';
import { type Anatomy, anatomy } from './damages/anatomy.js';
import { KINDS } from './damages/kinds.js';
import { finishedIso, intricate } from './damages/volumes.js';
import { type Change, Wound } from './damages/wound.js';

/** How many damages are done: OSX_ISO_DAMAGES by hand. */
const COUNT = Number(process.env.OSX_ISO_DAMAGES) || (LONG ? 600 : 20);

/** A volume and its copy on disk, which is changed along with it for Apple's fsck. */
class Patient {
  readonly anatomy: Anatomy;
  readonly #path: string;
  readonly #fd: number;

  constructor(name: string, bytes: Uint8Array) {
    this.anatomy = anatomy(name, bytes);
    this.#path = join(scratch('damages'), `${name.replaceAll(' ', '-')}.img`);
    writeFileSync(this.#path, bytes);
    this.#fd = openSync(this.#path, 'r+');
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** With these changes: whether ours finds an error, and what Apple's says where it finds one (or crashes). */
  async judge(changes: readonly Change[]): Promise<{ ours: boolean; apple: string | undefined }> {
    for (const { at, after } of changes) writeSync(this.#fd, after, 0, after.length, at);
    try {
      const findings = await checkVolume(fromBytes(this.anatomy.bytes, this.anatomy.name));
      const ours = findings.some(({ severity }) => severity === 'error');
      const { status, output } = fsckFile(this.#path);
      return { ours, apple: status === 0 ? undefined : output };
    } finally {
      for (const { at, before } of [...changes].reverse()) writeSync(this.#fd, before, 0, before.length, at);
    }
  }
}

/** How often who found something, by kind of damage. */
class Table {
  readonly #rows = new Map<string, { both: number; ours: number; apple: number; neither: number }>();

  count(kind: string, ours: boolean, apple: boolean): void {
    const row = this.#rows.get(kind) ?? { both: 0, ours: 0, apple: 0, neither: 0 };
    row[ours ? (apple ? 'both' : 'ours') : apple ? 'apple' : 'neither']++;
    this.#rows.set(kind, row);
  }

  toString(): string {
    const line = (name: string, cells: readonly unknown[]) =>
      name.padEnd(48) + cells.map((cell) => `${cell}`.padStart(12)).join('');
    const sum = { both: 0, ours: 0, apple: 0, neither: 0 };
    const lines = [...this.#rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, row]) => {
        for (const key of ['both', 'ours', 'apple', 'neither'] as const) sum[key] += row[key];
        return line(kind, Object.values(row));
      });
    return [line('', ['both', 'only verify', 'only fsck', 'neither']), ...lines, line('all', Object.values(sum))].join(
      '\n',
    );
  }
}

/** Short runs do without an ISO: building one takes longer than all their damages. */
async function patients(): Promise<Patient[]> {
  const volumes = {
    'H+, map node': await intricate({ blockSize: 512, caseSensitive: false, journaled: false, mapNode: true }),
    'HX, journal': await intricate({ blockSize: 4096, caseSensitive: true, journaled: true }),
    ...(LONG && { 'finished ISO': await finishedIso() }),
  };
  const all: Patient[] = [];
  for (const [name, bytes] of Object.entries(volumes)) {
    await expectClean(bytes);
    all.push(new Patient(name, bytes));
  }
  return all;
}

describe.skipIf(FSCK === undefined)(`a volume that is damaged${WITHOUT_FSCK}`, () => {
  it(`is called bad wherever Apple's fsck calls it bad: ${COUNT} damages of every kind there is`, async () => {
    const seed = campaignSeed();
    const random = new Random(seed);
    const table = new Table();
    const missed: string[] = [];
    const all = await patients();
    const kinds = Object.entries(KINDS);
    const first = random.below(kinds.length);
    for (let done = 0, turn = first; done < COUNT; turn++) {
      const [kind, damage] = kinds[turn % kinds.length]!;
      const patient = random.pick(all);
      const wound = new Wound(patient.anatomy.bytes, random);
      damage({ on: patient.anatomy, random, wound });
      // Not every volume has everything, and not every number is another one.
      if (wound.hurts) {
        const { ours, apple } = await patient.judge(wound.changes);
        table.count(kind, ours, apple !== undefined);
        done++;
        if (apple !== undefined && !ours) missed.push(`${patient.anatomy.name}, ${kind}: ${wound}\n${apple}`);
      }
      wound.undo();
    }
    for (const patient of all) patient.close();
    console.log(`OSX_ISO_SEED=${seed}, ${COUNT} damages\n${table}`);
    expect(missed, `OSX_ISO_SEED=${seed}`).toEqual([]);
  });
});
