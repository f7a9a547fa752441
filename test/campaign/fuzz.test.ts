import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Interrupted, UserError } from '../../src/errors.js';
import { LONG } from '../helpers/long.js';
import { campaignSeed, Random } from '../helpers/random.js';
import { Given } from './fuzz/given.js';
import { mutated, type Sample } from './fuzz/mutate.js';
import { READERS, type Reader } from './fuzz/readers.js';
import { Watchdog } from './fuzz/watchdog.js';

/** How many inputs: OSX_ISO_FUZZ by hand, 200,000 before a release. */
const COUNT = Number(process.env.OSX_ISO_FUZZ) || (LONG ? 20_000 : 400);
/** Seconds of CPU, bytes of memory: what one input may cost. */
const MOST_CPU = 5;
const MOST_MEMORY = 300 << 20;
/** Reads that a reader may ask for after it was told to stop: some that were under way. */
const LAST_READS = 20;
/** One of so many inputs is interrupted somewhere. */
const INTERRUPTED = 8;

const said: string[] = [];
beforeEach(() => {
  for (const method of ['warn', 'error', 'info'] as const) {
    vi.spyOn(console, method).mockImplementation((...args) => void said.push(args.join(' ')));
  }
});
afterEach(() => vi.restoreAllMocks());

/** What became of the inputs of one reader. */
interface Row {
  read: number;
  refused: number;
  interrupted: number;
  cpu: number;
  longest: number;
  /** The number of the input that took longest. */
  at: number;
}

const NOTHING: Row = { read: 0, refused: 0, interrupted: 0, cpu: 0, longest: 0, at: 0 };

interface Input {
  readonly reader: Reader;
  readonly sample: Sample;
  readonly given: Given;
}

const TURNS = READERS.flatMap((reader) => Array<Reader>(reader.weight ?? 1).fill(reader));

/** The input of a number: the same for the same seed, whatever came before it. */
async function input(seed: number, number: number, samples: Map<Reader, readonly Sample[]>): Promise<Input> {
  const random = new Random(seed + Math.imul(number, 0x9e3779b1));
  const reader = TURNS[number % TURNS.length]!;
  const all = samples.get(reader) ?? (await reader.samples());
  samples.set(reader, all);
  const sample = random.pick(all);
  const bytes = await mutated(sample, all, random);
  const after = random.below(INTERRUPTED) === 0 ? random.below(30) : Number.POSITIVE_INFINITY;
  return { reader, sample, given: new Given(bytes, 'input', after) };
}

/** Which rule was broken, if any. */
function broken(given: Given, error: unknown): string | undefined {
  if (given.refused > LAST_READS) return `${given.refused} reads after it was told to stop`;
  if (error === undefined) return undefined;
  if (error instanceof Interrupted) return given.signal.aborted ? undefined : 'interrupted by nobody';
  if (!(error instanceof UserError)) return `${(error as Error)?.stack ?? error}`;
  if (/\bundefined\b|\bNaN\b|\[object /.test(error.message)) return `it says: ${error.message}`;
  return undefined;
}

it(`every reader takes or refuses whatever it is given: ${COUNT} inputs`, async () => {
  const seed = campaignSeed();
  const only = process.env.OSX_ISO_FUZZ_AT;
  const watchdog = new Watchdog(seed);
  const samples = new Map<Reader, readonly Sample[]>();
  for (const reader of READERS) samples.set(reader, await reader.samples());
  const rows = new Map(READERS.map(({ name }) => [name, { ...NOTHING }]));
  const faults: string[] = [];
  const numbers = only === undefined ? Array.from({ length: COUNT }, (_, i) => i) : [Number(only)];
  // A stack costs more than most of the reading; only bugs need one.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = only === undefined ? 3 : 30;
  try {
    for (const number of numbers) {
      watchdog.begin(number);
      const { reader, sample, given } = await input(seed, number, samples);
      const memory = process.memoryUsage.rss();
      const peak = process.resourceUsage().maxRSS;
      const before = process.cpuUsage();
      let error: unknown;
      try {
        await reader.read(given);
      } catch (caught) {
        error = caught;
      }
      const { user, system } = process.cpuUsage(before);
      const cpu = (user + system) / 1e6;
      const row = rows.get(reader.name)!;
      row[error === undefined ? 'read' : error instanceof Interrupted ? 'interrupted' : 'refused']++;
      row.cpu += cpu;
      if (cpu > row.longest) Object.assign(row, { longest: cpu, at: number });
      const found: string[] = [];
      const wrong = broken(given, error);
      if (wrong) found.push(wrong);
      if (cpu > MOST_CPU) found.push(`${cpu.toFixed(1)} s of CPU`);
      const now = process.resourceUsage().maxRSS;
      if (now > peak && now * 1024 - memory > MOST_MEMORY) found.push(`${(now * 1024 - memory) >> 20} MiB of memory`);
      if (said.length > 0) found.push(`it printed: ${said.splice(0).join(' ')}`);
      for (const what of found) {
        faults.push(`OSX_ISO_SEED=${seed} OSX_ISO_FUZZ_AT=${number}: ${reader.name}, from ${sample.name}: ${what}`);
      }
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    await watchdog.end();
  }
  console.log(`OSX_ISO_SEED=${seed}, ${numbers.length} inputs\n${table(rows)}`);
  expect(faults).toEqual([]);
});

function table(rows: ReadonlyMap<string, Row>): string {
  const line = (name: string, cells: readonly unknown[]) =>
    name.padEnd(24) + cells.map((cell) => `${cell}`.padStart(12)).join('');
  const numbers = (row: Row) => [
    row.read,
    row.refused,
    row.interrupted,
    row.cpu.toFixed(1),
    row.longest.toFixed(2),
    row.at,
  ];
  const all: Row = { ...NOTHING };
  for (const row of rows.values()) {
    for (const key of ['read', 'refused', 'interrupted', 'cpu'] as const) all[key] += row[key];
    if (row.longest > all.longest) Object.assign(all, { longest: row.longest, at: row.at });
  }
  return [
    line('', ['read', 'refused', 'interrupted', 'CPU s', 'longest s', 'its number']),
    ...[...rows].map(([name, row]) => line(name, numbers(row))),
    line('all', numbers(all)),
    `peak memory of the process: ${process.resourceUsage().maxRSS >> 10} MiB`,
  ].join('\n');
}
