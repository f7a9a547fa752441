import { resolve } from 'node:path';
import type { Tool } from './needs.js';
import { hashOutput, run } from './tool.js';
import { type Comparison, compareTrees, type Expected, type Seen, type SeenTree } from './tree.js';

/** What grubFstest() needs. */
export const GRUB_FSTEST_TOOLS = ['grub-fstest'] as const satisfies readonly Tool[];

export interface GrubVolume {
  /** GRUB's name of the volume: "loop0,apple2". */
  readonly device: string;
  /** The names in a folder ("" is the root): sizes of files; links that lead nowhere are left out. */
  list(folder: string): Promise<ReadonlyMap<string, Seen>>;
  /**
   * The sha256 of a file as GRUB reads it, through symbolic links and zlib compression, but not through hard links; undefined
   * where it says that it cannot.
   */
  hash(path: string): Promise<{ size: number; sha256: string } | undefined>;
  /** What GRUB hands to XNU as boot-uuid. */
  uuid(): Promise<string>;
}

/** The HFS+ volume of a raw image as GRUB reads it: the partition that has `witness`, a path of a file that must be there. */
export async function grubFstest(image: string, witness: string): Promise<GrubVolume> {
  const path = resolve(image);
  const ask = (...args: string[]) => run('grub-fstest', [path, '--', ...args]);
  const devices = await ask('ls');
  const found: string[] = [];
  for (const [, device] of devices.stdout.toString('utf8').matchAll(/\((loop0[^)]*)\)/g)) {
    const { size } = await hashOutput('grub-fstest', [path, '--', 'crc', `(${device})/${witness}`]);
    if (size > 0) found.push(device!);
  }
  if (found.length !== 1) {
    throw new Error(`grub-fstest: ${witness} is on ${found.length} of the devices ${devices.stdout}${devices.stderr}`);
  }
  const device = found[0]!;
  return {
    device,
    async list(folder) {
      const { status, stdout, stderr } = await ask(
        'ls',
        '-l',
        '-a',
        `(${device})/${folder}${folder === '' ? '' : '/'}`,
      );
      if (status !== 0 || stderr !== '') throw new Error(`grub-fstest ls ${folder}: status ${status}\n${stderr}`);
      return parseListing(stdout.toString('utf8'));
    },
    async hash(file) {
      const { status, stderr, size, sha256 } = await hashOutput('grub-fstest', [
        path,
        '--',
        'cat',
        `(${device})/${file}`,
      ]);
      if (status !== 0 || stderr !== '') return undefined;
      return { size, sha256 };
    },
    async uuid() {
      const { stdout, stderr } = await ask('xnu_uuid', device);
      return (stdout.toString('utf8') + stderr).trim();
    },
  };
}

/** Lines "12           20241117151341 name", for folders "DIR          20241117151341 name/". */
function parseListing(text: string): Map<string, Seen> {
  const names = new Map<string, Seen>();
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const match = /^(DIR|\d+)\s+\d{14} (.*?)(\/?)$/s.exec(line);
    if (match === null) throw new Error(`grub-fstest ls -l: cannot read "${line}"`);
    const name = match[2]!;
    if (['.', '..', '.HFS+ Private Directory Data\r'].includes(name)) continue;
    names.set(name, match[1] === 'DIR' ? { kind: 'folder' } : { kind: 'file', size: Number(match[1]) });
  }
  return names;
}

/** What GRUB sees of a volume: lists each folder of `folders`, hashes the files that `hashed` says (a process for each). */
export async function grubTree(
  volume: GrubVolume,
  folders: readonly string[],
  hashed: (path: string) => boolean,
): Promise<SeenTree> {
  const entries = new Map<string, Seen>();
  const unread: string[] = [];
  for (const folder of folders) {
    for (const [name, seen] of await volume.list(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      entries.set(path, seen);
      if (seen.kind !== 'file' || !hashed(path)) continue;
      const contents = await volume.hash(path);
      if (contents === undefined) unread.push(path);
      else entries.set(path, { kind: 'file', ...contents });
    }
  }
  return { judge: 'GRUB', entries, unread, followsNoLinks: true };
}

/**
 * Holds all of a volume, as GRUB reads it, against what must be there; `witness` is a path of a file. GRUB lists no pipes, and of
 * compressed files it leaves out or cannot read those that are not zlib in the attribute: only such ones may be in `blind`, which
 * all other files are not, so that their number is known. Each folder and file is a process: `every` nth folder can do.
 */
export async function compareWithGrub(
  image: string,
  witness: string,
  expected: Expected,
  ignore: (path: string) => boolean,
  every = 1,
): Promise<Comparison & { readonly blind: readonly string[]; readonly files: number }> {
  const all = Object.entries(expected);
  const folders = ['', ...all.flatMap(([path, { kind }]) => (kind === 'folder' && path !== '' ? [path] : []))].filter(
    (_, i) => i % every === 0,
  );
  const entries = all.filter(
    ([path]) => path === '' || folders.includes(path.slice(0, Math.max(0, path.lastIndexOf('/')))),
  );
  const seen = await grubTree(await grubFstest(image, witness), folders, () => true);
  const missing = entries.filter(
    ([path, { kind, compressed }]) => (kind === 'special' || compressed) && !seen.entries.has(path),
  );
  const left = new Set(missing.map(([path]) => path));
  const visible = entries.filter(([path]) => !left.has(path));
  const result = compareTrees(Object.fromEntries(visible), seen, ignore);
  const unread = result.unread.filter((path) => !expected[path]?.compressed);
  const blind = [...left, ...result.unread];
  // Of names that are hard links only the kind is compared.
  const files = visible.filter(
    ([path, { kind, link }]) => kind === 'file' && link === undefined && !blind.includes(path),
  );
  return { ...result, unread, blind, files: files.length };
}
