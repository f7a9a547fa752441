import { cpus, totalmem } from 'node:os';
import type { Comparison, Round } from './compare.js';
import { type BuildCost, type Cost, lookup, median, type ReadCost } from './cost.js';

interface Column {
  readonly title: string;
  text(comparison: Comparison): string;
}

const GB = 1e9;

const COLUMNS: readonly Column[] = [
  { title: 'installer', text: ({ source }) => source.name },
  { title: 'GB', text: ({ source }) => (source.size / GB).toFixed(2) },
  { title: 'ISO, GB', text: ({ size }) => (size / GB).toFixed(2) },
  { title: 'build, s', text: of(({ build }) => build.wall) },
  { title: 'copy, s', text: of(({ copy }) => copy.wall) },
  { title: 'build / copy', text: ({ rounds }) => spread(rounds.map(({ build, copy }) => build.wall / copy.wall)) },
  { title: 'CPU, s', text: of(({ build }) => build.cpu) },
  { title: 'copy, CPU s', text: of(({ copy }) => copy.cpu) },
  { title: 'memory, MB', text: of(({ build }) => build.peakRss / 1e6, 0) },
  { title: 'read / installer', text: (all) => of(({ build }) => build.read / all.source.size, 3)(all) },
  { title: 'from disk, cold', text: ({ source, cold }) => (cold.fromDisk / source.size).toFixed(3) },
  { title: 'cold, s', text: ({ cold }) => cold.wall.toFixed(2) },
  { title: 'written / ISO', text: (all) => of(({ build }) => build.written / all.size, 3)(all) },
  { title: 'kernel, s', text: of(({ build }) => lookup(build).wall) },
  { title: 'kernel, CPU s', text: of(({ build }) => lookup(build).cpu) },
];

/** What the figures were taken on, in a line. */
export function heading(scale: number, rounds: number): string {
  const [first] = cpus();
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const machine = `${cpus().length} × ${first?.model.trim() || process.arch}, ${memory}, ${process.platform}, Node ${process.versions.node}`;
  return `${new Date().toISOString().slice(0, 10)}, ${machine}; scale ${scale}, medians of ${rounds}`;
}

/** Where it was measured: what a build takes more than one that is given its kernel in a file. */
const LOOKUP: readonly Column[] = [
  { title: 'build / with --kernel', text: ({ rounds }) => moreThan(rounds, ({ wall }) => wall) },
  { title: 'its CPU', text: ({ rounds }) => moreThan(rounds, ({ cpu }) => cpu) },
];

/** A row for each installer, in Markdown. */
export function table(comparisons: readonly Comparison[]): string {
  const measured = comparisons.some(({ rounds }) => rounds.some(({ given }) => given));
  const columns = measured ? [...COLUMNS, ...LOOKUP] : COLUMNS;
  return markdown(
    columns.map(({ title }) => title),
    comparisons.map((comparison) => columns.map(({ text }) => text(comparison))),
  );
}

function moreThan(rounds: readonly Round[], of: (cost: Cost) => number): string {
  return spread(rounds.flatMap(({ build, given }) => (given ? [of(build) / of(given)] : [])));
}

/** What each step of the recipe took, those that took anything; the rest is the start, and the look at the installer before it. */
export function stepTable({ source, rounds, cold }: Comparison): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const row = (title: string, costs: readonly (Cost & ReadCost)[], fromDisk: number) => {
    const middle = (value: (cost: Cost & ReadCost) => number) => median(costs.map(value));
    const [wall, cpu] = [middle((cost) => cost.wall), middle((cost) => cost.cpu)];
    if (Math.max(wall, cpu) < 0.01) return [];
    return [[title, wall.toFixed(2), cpu.toFixed(2), megabytes(middle(({ read }) => read)), megabytes(fromDisk)]];
  };
  const rows = rounds[0]!.build.steps.flatMap(({ title }, i) =>
    row(
      title,
      rounds.map(({ build }) => build.steps[i]!),
      cold.steps[i]!.fromDisk,
    ),
  );
  const rest = row(
    'the rest',
    rounds.map(({ build }) => restOf(build)),
    restOf(cold).fromDisk,
  );
  return markdown([`${source.name}: step`, 's', 'CPU, s', 'read, MB', 'from disk, cold, MB'], [...rows, ...rest]);
}

function restOf(build: BuildCost): Cost & ReadCost {
  const rest = (value: (cost: Cost & ReadCost) => number) =>
    build.steps.reduce((left, step) => left - value(step), value(build));
  return {
    wall: rest(({ wall }) => wall),
    cpu: rest(({ cpu }) => cpu),
    read: rest(({ read }) => read),
    fromDisk: rest(({ fromDisk }) => fromDisk),
  };
}

function of(value: (round: Round) => number, digits = 2): (comparison: Comparison) => string {
  return ({ rounds }) => median(rounds.map(value)).toFixed(digits);
}

/** "0.95 (0.91–1.04)" */
function spread(values: readonly number[]): string {
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;
}

function markdown(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |\n`;
  return line(titles) + line(widths.map((width) => '-'.repeat(width))) + rows.map(line).join('');
}
