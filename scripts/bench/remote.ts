import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildCost, median } from './cost.js';
import { type Served, serveFile } from './file-server.js';
import type { Source } from './installers.js';
import type { Link } from './line.js';
import { measureBuild, warm } from './measure.js';
import { hasNginx, serveByNginx } from './nginx.js';

/** As to a server on another continent, over a line that many have. */
const FAR: Link = { latency: 50, bitsPerSecond: 100e6 };

/** A build from a server, and what the server did for it. */
interface FarCost extends BuildCost {
  readonly server: string;
  readonly served: Served;
}

export interface RemoteComparison {
  readonly source: Source;
  readonly rounds: readonly { readonly near: BuildCost; readonly far: FarCost }[];
  /** Once, over the slow line. */
  readonly slow?: FarCost;
}

/** Builds from a file on this machine's disk and from a server on this machine, in turn; `slow`: once over a slow line as well. */
export async function compareRemote(
  source: Source,
  dir: string,
  count: number,
  { slow }: { readonly slow: boolean },
): Promise<RemoteComparison> {
  const iso = join(dir, 'bench.iso');
  const remove = async () => {
    for (const path of [iso, `${iso}.json`]) await rm(path, { force: true });
  };
  const measured = async (given: string) => {
    await remove();
    await warm(source.files);
    return measureBuild(['build', '--app', given, '-o', iso, '--engine', 'native']);
  };
  const overNetwork = async (link?: Link): Promise<FarCost> => {
    const server = link || !hasNginx() ? await serveFile(source.given, link) : await serveByNginx(source.given);
    const cost = await measured(server.url).catch(async (error: unknown) => {
      await server.close();
      throw error;
    });
    return { ...cost, server: server.title, served: await server.close() };
  };
  const rounds: RemoteComparison['rounds'][number][] = [];
  try {
    for (let i = 1; i <= count; i++) {
      const near = await measured(source.given);
      const far = await overNetwork();
      rounds.push({ near, far });
      const walls = `${near.wall.toFixed(2)} s, over HTTP ${far.wall.toFixed(2)} s`;
      process.stderr.write(`${source.name}, ${i}: ${walls}\n`);
    }
    return { source, rounds, ...(slow && { slow: await overNetwork(FAR) }) };
  } finally {
    await remove();
  }
}

/** What came of it, a figure a line. */
export function remoteReport({ source, rounds, slow }: RemoteComparison): string {
  const { far: last } = rounds.at(-1)!;
  const of = (value: (round: RemoteComparison['rounds'][number]) => number) => median(rounds.map(value));
  const lines: [string, string][] = [
    ['installer, GB', (source.size / 1e9).toFixed(2)],
    ['from the file, s', of(({ near }) => near.wall).toFixed(2)],
    [`over HTTP on loopback, from ${last.server}, s`, of(({ far }) => far.wall).toFixed(2)],
    ['ratio', `${of(({ near, far }) => far.wall / near.wall).toFixed(2)} (at most 1.15)`],
    [
      'CPU, s',
      `${of(({ near }) => near.cpu).toFixed(1)}; over HTTP ${of(({ far }) => far.cpu).toFixed(1)}, the server ${of(({ far }) => far.served.cpu).toFixed(1)}`,
    ],
    ['memory, MB', `${of(({ far }) => far.peakRss / 1e6).toFixed(0)} (at most 250)`],
    ['round trips', last.served.requests.toLocaleString('en-US')],
    ['bytes fetched / needed', `${(last.served.sent / last.served.sentOnce).toFixed(4)} (at most 1.02)`],
    ['bytes fetched / file', (last.served.sent / source.size).toFixed(4)],
  ];
  if (slow) {
    const line = (slow.served.sent * 8) / FAR.bitsPerSecond;
    const link = `${FAR.latency} ms, ${FAR.bitsPerSecond / 1e6} Mbit/s`;
    lines.push(
      [`${link}, s`, slow.wall.toFixed(1)],
      [`${link}, s / the line alone`, `${(slow.wall / line).toFixed(3)} (${line.toFixed(1)} s)`],
      [`${link}, round trips`, slow.served.requests.toLocaleString('en-US')],
    );
  }
  const width = Math.max(...lines.map(([title]) => title.length));
  return lines.map(([title, value]) => `${title.padEnd(width)}  ${value}\n`).join('');
}
