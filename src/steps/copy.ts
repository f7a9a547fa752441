import { parsePlace } from '../core/names.js';
import type { Job, Step } from '../core/step.js';
import { SourceError } from '../errors.js';
import type { Entry, Path, Tree, Volume } from '../image/types.js';
import { watchChunks } from './chunklist.js';
import { FirstThatHas } from './first-that-has.js';
import { fileAt, lastOf, onVolume, pathOf } from './places.js';

/**
 * Copies a file or a folder with everything in it, to exactly the place given. With `chunklist` the file is checked against it
 * on the way. Somlo: `cp -rp`.
 */
export function copy(from: string, to: string, options: { chunklist?: string } = {}): Step {
  const { chunklist } = options;
  return {
    verb: 'copy',
    title: `Copy ${from}`,
    says: saysOf(from, to, chunklist),
    args: [from, to, ...(chunklist === undefined ? [] : [`checked against ${chunklist}`])],
    async run(job) {
      const place = parsePlace(from);
      const source = job.names.tree(place.name);
      let tree = source;
      if (chunklist !== undefined) tree = watchChunks(job, tree, await fileAt(job, chunklist));
      const { volume, path } = onVolume(job, to);
      const count = await copyTree(job, tree, place.path, volume, path);
      if (count === 0) {
        throw new SourceError(`${from}: expected a file or folder to copy, found nothing in all of ${source.name}.`, {
          hint: 'osx-iso inspect shows what the installer holds.',
        });
      }
      if (source instanceof FirstThatHas) {
        job.note(`from ${source.takenFrom}`);
        job.record('payload', { of: source.takenFrom, proof: source.proof });
      }
      if (count > 1) job.note(`${count.toLocaleString('en-US')} files and folders`);
    },
  };
}

/** What is copied is known by where it goes. */
function saysOf(from: string, to: string, chunklist: string | undefined): string {
  const name = lastOf(to);
  switch (name) {
    case 'Packages':
      return `Copy the packages to ${pathOf(to)}: the system that is going to be installed comes from them.`;
    case 'BaseSystem.chunklist':
      return `Copy ${name}, by which the installer tells whether BaseSystem.dmg is whole.`;
    case 'BaseSystem.dmg': {
      const checked = chunklist === undefined ? '' : `, checked against ${lastOf(chunklist)} on the way`;
      return `Copy ${name} as it is${checked}: without it the installer calls itself damaged.`;
    }
    case 'Kernels':
    case 'mach_kernel':
      return `Copy the kernel to ${pathOf(to)}: the installer's disk comes without one for the boot loader to start.`;
    default:
      return `Copy ${from} to ${to}, owners, modes and dates as they are.`;
  }
}

/** Returns how many entries there were; 0 when there is nothing at `from`. */
async function copyTree(job: Job, tree: Tree, from: Path, volume: Volume, to: Path): Promise<number> {
  let count = 0;
  const report = () => tree.progress && job.report(tree.progress());
  const counted: Tree = {
    name: tree.name,
    async *walk(path) {
      for await (const entry of tree.walk(path)) {
        job.signal.throwIfAborted();
        if (!entry.again) count++;
        yield entry;
      }
    },
    close: () => tree.close(),
  };
  const ticker = setInterval(report, 200);
  try {
    if (volume.copyFrom) await volume.copyFrom(counted, from, to, job);
    else for await (const entry of counted.walk(from)) await volume.put(moved(entry, from, to));
  } finally {
    clearInterval(ticker);
  }
  return count;
}

/** The entry with its path below `from` put below `to`. */
function moved(entry: Entry, from: Path, to: Path): Entry {
  return { ...entry, path: [...to, ...entry.path.slice(from.length)] };
}
