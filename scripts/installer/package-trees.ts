import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import type { Path } from '../../src/formats/entry.js';
import { bulk } from './bundles.js';
import type { Contents } from './content.js';
import { EntryList, type MadeEntry } from './entries.js';
import { Random, seedFor } from './random.js';

/** Files of the payload that has the system, at scale 1. */
const FILES = 12_000;
const LEAST_FILES = 120;
/** Of the bytes, what cannot be compressed: sounds, pictures, films, in so many files. */
const MEDIA_SHARE = 0.3;
const MEDIA = 6;
const LINK_PER_MILLE = 15;
const NOTE = { name: 'org.osx-iso.note', value: fromBytes(Buffer.from('a note in a package'), 'note') };

/**
 * What the package with the system has: binaries and resources with many zeros, text, media, some hard links, extended attributes on
 * files and folders; and the kernel where `hasKernel`. `bytes` is about what the files add up to.
 */
export function systemPayload(options: {
  readonly name: string;
  readonly seed: number;
  readonly scale: number;
  readonly bytes: number;
  readonly contents: Contents;
  readonly hasKernel: boolean;
  readonly kernelPath: Path;
  /** Absent: the kernel's folder stays empty. */
  readonly kernel: ByteSource | undefined;
}): MadeEntry[] {
  const { contents, name, kernelPath, kernel, hasKernel } = options;
  const seed = seedFor(options.seed, name);
  const list = new EntryList(seed);
  const dice = new Random(seed);
  // The folder that is looked for has an attribute: its AppleDouble stands behind its content.
  if (hasKernel && kernelPath.length > 1) list.folder(kernelPath.slice(0, -1), { xattrs: [NOTE] });
  if (hasKernel && kernel) list.file(kernelPath, kernel, { mode: 0o644 });
  const share = Math.floor((options.bytes * MEDIA_SHARE) / MEDIA);
  for (let i = 1; i <= MEDIA; i++) {
    const path = ['System', 'Library', 'Desktop Pictures', `Picture ${i}.jpg`];
    list.file(path, contents.file(`${name} picture ${i}`, share, 'noise'));
  }
  addDoubles(list, name, contents);
  const planned = bulk(seed, Math.max(LEAST_FILES, Math.round(FILES * options.scale)));
  let weights = 0;
  for (const item of planned) if (item.kind === 'file') weights += item.weight;
  let link = 0;
  for (const item of planned) {
    if (item.kind === 'symlink') {
      list.symlink(item.path, item.target);
      continue;
    }
    const size = Math.round((item.weight / weights) * options.bytes * (1 - MEDIA_SHARE));
    const texture = item.texture === 'text' ? 'text' : 'sparse';
    const data = contents.file(`${name}: ${item.path.join('/')}`, size, texture);
    const mode = item.mode ?? 0o644;
    if (dice.chance(LINK_PER_MILLE)) {
      list.file(item.path, data, { mode, link: ++link });
      for (let i = dice.between(1, 3); i > 0; i--) {
        list.hardLink([...item.path.slice(0, -1), `${item.path.at(-1)} again ${i}`], item.path);
      }
    } else {
      list.file(item.path, data, { mode });
    }
  }
  return list.entries;
}

/** Files and folders with what a cpio can say in AppleDoubles only. */
function addDoubles(list: EntryList, name: string, contents: Contents): void {
  const home = ['System', 'Library', 'Input Methods', 'Odd.app'];
  list.folder(home, { xattrs: [NOTE] });
  list.text([...home, 'Contents', 'Info.plist'], '<plist version="1.0"><dict/></plist>\n');
  list.text([...home, 'Contents', 'noted.txt'], 'with an attribute\n', { xattrs: [NOTE] });
  const resource = contents.file(`${name} fork`, 3_000, 'code');
  list.text([...home, 'Contents', 'forked.txt'], 'with a resource fork\n', { resource });
}

/** What any other package has: a few large files nobody looks into. */
export function mediaPayload(name: string, bytes: number, contents: Contents, seed: number): MadeEntry[] {
  const list = new EntryList(seedFor(seed, name));
  const share = Math.floor(bytes / 4);
  for (let i = 1; i <= 4; i++) {
    const path = ['Library', 'Application Support', name, `part ${i}.bin`];
    list.file(path, contents.file(`${name} ${i}`, share, i === 1 ? 'sparse' : 'noise'));
  }
  list.text(['Library', 'Application Support', name, 'Read me.txt'], `${name}: made by osx-iso for tests.\n`);
  return list.entries;
}

/** What stands where the kernel should be in an installer that is no good. */
export function notAKernel(): ByteSource {
  return fromBytes(Buffer.alloc(2 << 20, 'This is not a kernel.\n'), 'kernel');
}
