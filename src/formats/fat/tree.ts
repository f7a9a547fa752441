import { StepError } from '../../errors.js';
import type { ByteSource } from '../bytes.js';
import { type Path, showPath } from '../entry.js';
import { nameFault } from './names.js';

/** A file or a folder of a new volume. Folders on the way to it need not be given. */
export interface FatItem {
  readonly path: Path;
  /** Absent: a folder. */
  readonly data?: ByteSource;
}

/** Bytes: the field has 32 bits. */
const LARGEST_FILE = 0xffff_ffff;

/** One of them, with its place on the volume once it has one. */
export interface Node {
  readonly path: Path;
  readonly data?: ByteSource;
  /** Of a folder. */
  readonly children?: Map<string, Node>;
  cluster: number;
}

/** The items as a tree, with every folder on the way. */
export function treeOf(items: readonly FatItem[]): Node {
  const root: Node = { path: [], children: new Map(), cluster: 0 };
  for (const { path, data } of items) {
    const parent = path.slice(0, -1).reduce(folderIn, root);
    const name = path.at(-1);
    if (name === undefined) continue;
    if (!data) {
      folderIn(parent, name);
      continue;
    }
    expectName(name, path);
    if (parent.children!.has(name)) throw new StepError(`${showPath(path)} is given twice for the FAT volume.`);
    if (data.size > LARGEST_FILE) {
      throw new StepError(
        `${showPath(path)} has ${data.size.toLocaleString('en-US')} bytes; a file on a FAT volume has less than 4 GiB.`,
      );
    }
    parent.children!.set(name, { path, data, cluster: 0 });
  }
  return root;
}

function folderIn(parent: Node, name: string): Node {
  const there = parent.children!.get(name);
  const path = [...parent.path, name];
  if (there?.data) throw new StepError(`${showPath(path)} is given both as a file and as a folder for the FAT volume.`);
  if (there) return there;
  expectName(name, path);
  const folder: Node = { path, children: new Map(), cluster: 0 };
  parent.children!.set(name, folder);
  return folder;
}

function expectName(name: string, path: Path): void {
  const why = nameFault(name);
  if (why === undefined) return;
  throw new StepError(`${showPath(path)}: its name ${why}.`, { hint: 'Rename it, or leave it out.' });
}

/** The root, then each folder's content in the order of its names, folders' own content behind it. */
export function inOrder(root: Node): Node[] {
  const nodes: Node[] = [root];
  for (let i = 0; i < nodes.length; i++) {
    const { children } = nodes[i]!;
    if (children) nodes.push(...sortedNames(children).map((name) => children.get(name)!));
  }
  return nodes;
}

export function sortedNames(children: ReadonlyMap<string, Node>): string[] {
  return [...children.keys()].sort((a, b) => (a < b ? -1 : 1));
}

/** The node at a path that is there. */
export function nodeAt(root: Node, path: Path): Node {
  return path.reduce((node, name) => node.children!.get(name)!, root);
}
