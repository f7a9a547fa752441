import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import type { Path } from '../../src/formats/entry.js';
import { bulk } from './bundles.js';
import type { Contents } from './content.js';
import { EntryList, type MadeEntry } from './entries.js';
import { Random, seedFor } from './random.js';

/** Files of the payload that has the kernel, at scale 1. */
const FILES = 12_000;
const LEAST_FILES = 120;
/** Of the bytes, what text makes; the rest is what cannot be compressed. */
const SOFT = 0.02;
/** Beside the kernel, so that the chunks around it are worth compressing: keyboard layouts of so many bytes in all. */
const LAYOUTS = 12;
const LAYOUTS_SHARE = 0.02;
const MOST_LAYOUTS_BYTES = 24_000_000;
const LINK_PER_MILLE = 15;

/**
 * What the payload with the kernel has: a system's files in the order of their paths, as in Apple's packages, so that the
 * kernel lies somewhere in the middle. `bytes` is about what the files add up to.
 */
export function systemPayload(options: {
  readonly name: string;
  readonly seed: number;
  readonly scale: number;
  readonly bytes: number;
  readonly contents: Contents;
  readonly kernelPath: Path;
  /** Absent: the kernel's folder stays empty. */
  readonly kernel: ByteSource | undefined;
}): MadeEntry[] {
  const { contents, name, kernelPath, kernel } = options;
  const seed = seedFor(options.seed, name);
  const list = new EntryList(seed);
  const dice = new Random(seed);
  if (kernelPath.length > 1) list.folder(kernelPath.slice(0, -1));
  if (kernel) list.file(kernelPath, kernel, { mode: 0o644 });
  const layout = Math.floor(Math.min(MOST_LAYOUTS_BYTES, options.bytes * LAYOUTS_SHARE) / LAYOUTS);
  for (let i = 1; i <= LAYOUTS; i++) {
    const path = ['System', 'Library', 'Keyboard Layouts', `Layout ${i}.bundle`, 'Contents', 'Resources', 'layout.txt'];
    list.file(path, contents.file(`${name} layout ${i}`, layout, 'text'));
  }
  const planned = bulk(seed, Math.max(LEAST_FILES, Math.round(FILES * options.scale)));
  let weights = 0;
  for (const item of planned) if (item.kind === 'file') weights += item.weight;
  let link = 0;
  for (const item of planned) {
    if (item.kind === 'symlink') {
      list.symlink(item.path, item.target);
      continue;
    }
    const soft = item.texture === 'text';
    const size = Math.round((item.weight / weights) * options.bytes * (soft ? SOFT : 1));
    const data = contents.file(`${name}: ${item.path.join('/')}`, size, soft ? 'text' : 'noise');
    const mode = item.mode ?? 0o644;
    if (dice.chance(LINK_PER_MILLE)) {
      list.file(item.path, data, { mode, link: ++link });
      list.hardLink([...item.path.slice(0, -1), `${item.path.at(-1)} again`], item.path);
    } else {
      list.file(item.path, data, { mode });
    }
  }
  return inPathOrder(list.entries);
}

/** What any other package has: a few large files nobody looks into. */
export function mediaPayload(name: string, bytes: number, contents: Contents, seed: number): MadeEntry[] {
  const list = new EntryList(seedFor(seed, name));
  const share = Math.floor(bytes / 4);
  for (let i = 1; i <= 4; i++) {
    const path = ['Library', 'Application Support', name, `part ${i}.bin`];
    list.file(path, contents.file(`${name} ${i}`, share, 'noise'));
  }
  list.text(['Library', 'Application Support', name, 'Read me.txt'], `${name}: made by osx-iso for tests.\n`);
  return list.entries;
}

/** By path, each folder before what is in it. */
function inPathOrder(entries: readonly MadeEntry[]): MadeEntry[] {
  const keyed = entries.map((entry) => ({ key: entry.path.join('\u0001'), entry }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ entry }) => entry);
}

/** What stands where the kernel should be in an installer that is no good. */
export function notAKernel(): ByteSource {
  return fromBytes(Buffer.alloc(2 << 20, 'This is not a kernel.\n'), 'kernel');
}
