import type { Random } from '../../helpers/random.js';
import type { Anatomy, NodeAt, RecordAt, RecordKind } from './anatomy.js';
import {
  FILE,
  type Fields,
  FOLDER,
  FORK,
  FORK_ATTRIBUTE,
  FORKS,
  HEADER,
  INLINE,
  JOURNAL,
  JOURNAL_INFO,
  KEYS,
  NODE,
  THREAD,
  TREE,
} from './fields.js';
import type { Wound } from './wound.js';

/** What damages are done with. */
export interface Operation {
  readonly on: Anatomy;
  readonly random: Random;
  readonly wound: Wound;
}

/** Does one damage of a kind. Does nothing where the volume has no such thing. */
export type DamageKind = (operation: Operation) => void;

const kinds: Record<string, DamageKind> = {};

function each(prefix: string, fields: Fields, place: (operation: Operation) => number | undefined): void {
  for (const [name, [offset, size]] of Object.entries(fields)) {
    kinds[`${prefix}, ${name}`] = (operation) => {
      const at = place(operation);
      if (at !== undefined) operation.wound.field(at + offset, size, numbers(operation, size));
    };
  }
}

/** Numbers that mean something elsewhere: CNIDs, node numbers, blocks. */
function numbers({ on, random }: Operation, size: number): number[] {
  if (size < 4) return [];
  const { header } = on;
  const files = on.records.filter(({ kind }) => kind === 'file' || kind === 'folder');
  const some = random.pick(files);
  const node = random.pick(on.nodes);
  return [
    on.view.getUint32(some.data + 8),
    on.view.getUint32(some.key + 2),
    node.number,
    header.totalBlocks,
    header.nextCatalogID,
  ];
}

const pickNode = ({ on, random }: Operation, test: (node: NodeAt) => boolean): NodeAt | undefined => {
  const nodes = on.nodes.filter(test);
  return nodes.length === 0 ? undefined : random.pick(nodes);
};
const pickRecord = ({ on, random }: Operation, ...of: RecordKind[]): RecordAt | undefined => {
  const records = on.records.filter(({ kind }) => of.includes(kind));
  return records.length === 0 ? undefined : random.pick(records);
};

/** One of 8 extents at `at`: its start, its length, both; or what stands behind the last. */
function extents({ on, random, wound }: Operation, at: number): void {
  const count = Array.from({ length: 8 }, (_, i) => on.view.getUint32(at + i * 8 + 4)).filter(
    (blocks) => blocks > 0,
  ).length;
  const index = random.below(2) === 0 ? random.below(Math.max(1, count)) : random.below(8);
  const others = [on.header.totalBlocks, random.below(on.header.totalBlocks)];
  const what = random.below(3);
  if (what !== 1) wound.field(at + index * 8, 4, others);
  if (what !== 0) wound.field(at + index * 8 + 4, 4, [...others, 1, 2]);
}

for (const [which, at] of [
  ['volume header', () => 1024],
  ['alternate header', ({ on }: Operation) => on.bytes.length - 1024],
] as const) {
  each(which, HEADER, at);
  for (const [name, offset] of Object.entries(FORKS)) {
    each(`${which}, ${name}`, FORK, (operation) => at(operation) + offset);
    kinds[`${which}, ${name}, extents`] = (operation) => extents(operation, at(operation) + offset + 16);
  }
  kinds[`${which}, finderInfo`] = (operation) =>
    operation.wound.field(at(operation) + 80 + 4 * operation.random.below(8), 4, numbers(operation, 4));
  kinds[`${which}, all of it`] = (operation) =>
    operation.wound.fill(at(operation), 512, operation.random.pick([0, 0xff]));
}

for (const tree of ['catalog', 'extents', 'attributes'] as const) {
  const node = (kind: NodeAt['kind']) => (operation: Operation) =>
    pickNode(operation, (one) => one.tree === tree && one.kind === kind)?.at;
  const record =
    (...of: RecordKind[]) =>
    (operation: Operation) => {
      const records = operation.on.records.filter((one) => one.node.tree === tree && of.includes(one.kind));
      return records.length === 0 ? undefined : operation.random.pick(records);
    };
  each(`${tree} header`, TREE, (operation) => {
    const at = node('header')(operation);
    return at === undefined ? undefined : at + 14;
  });
  for (const kind of ['header', 'map', 'index', 'leaf'] as const) {
    each(`${tree} ${kind} node`, NODE, node(kind));
    kinds[`${tree} ${kind} node, record offset`] = (operation) => {
      const one = pickNode(operation, (of) => of.tree === tree && of.kind === kind);
      if (one) operation.wound.field(one.at + one.size - 2 * (1 + operation.random.below(one.records + 1)), 2);
    };
    kinds[`${tree} ${kind} node, all of it`] = (operation) => {
      const one = pickNode(operation, (of) => of.tree === tree && of.kind === kind);
      const other = pickNode(operation, (of) => of.tree === tree);
      if (!one || !other) return;
      if (operation.random.below(2) === 0) operation.wound.fill(one.at, one.size);
      else operation.wound.set(one.at, operation.on.bytes.slice(other.at, other.at + other.size));
    };
  }
  kinds[`${tree} map bit`] = (operation) => {
    const { on, random, wound } = operation;
    const one = pickNode(operation, (of) => of.tree === tree && (of.kind === 'map' || of.kind === 'header'));
    if (!one) return;
    const at =
      one.at +
      (one.kind === 'map' ? 14 : 14 + 106 + 128) +
      random.below(one.kind === 'map' ? one.size - 22 : Math.min(one.size - 256, 64));
    wound.set(at, Uint8Array.of(on.bytes[at]! ^ (0x80 >> random.below(8))));
  };
  kinds[`${tree} unused node`] = ({ on, random, wound }) => {
    const free = on.unused.filter((one) => one.tree === tree);
    if (free.length > 0) wound.field(random.pick(free).at + random.below(100), 1);
  };
  for (const kind of ['index', 'leaf'] as const) {
    each(`${tree} ${kind} key`, KEYS[tree], (operation) => {
      const records = operation.on.records.filter((one) => one.node.tree === tree && one.node.kind === kind);
      return records.length === 0 ? undefined : operation.random.pick(records).key;
    });
  }
  each(`${tree} index record`, { child: [0, 4] }, (operation) => record('child')(operation)?.data);
  kinds[`${tree} records swapped`] = ({ on, random, wound }) => {
    const leaves = on.records.filter((one) => one.node.tree === tree && one.kind !== 'child');
    if (leaves.length < 2) return;
    const one = random.pick(leaves);
    const fit = leaves.filter((other) => other !== one && other.end - other.data === one.end - one.data);
    if (fit.length === 0) return;
    const other = random.pick(fit);
    const [first, second] = [one, other].map(({ data, end }) => on.bytes.slice(data, end));
    wound.set(one.data, second!);
    wound.set(other.data, first!);
  };
}

each('folder record', FOLDER, (operation) => pickRecord(operation, 'folder')?.data);
each('file record', FILE, (operation) => pickRecord(operation, 'file')?.data);
each('folder thread', THREAD, (operation) => pickRecord(operation, 'folder-thread')?.data);
each('file thread', THREAD, (operation) => pickRecord(operation, 'file-thread')?.data);
for (const [name, offset] of [
  ['data', 88],
  ['resource', 168],
] as const) {
  const place = (operation: Operation) => {
    const { on, random } = operation;
    // Mostly forks that have something.
    const files = on.records.filter(
      ({ kind, data }) => kind === 'file' && (random.below(8) === 0 || on.view.getUint32(data + offset + 12) > 0),
    );
    return files.length === 0 ? undefined : random.pick(files).data + offset;
  };
  each(`file record, ${name} fork`, FORK, place);
  kinds[`file record, ${name} fork, extents`] = (operation) => {
    const at = place(operation);
    if (at !== undefined) extents(operation, at + 16);
  };
}

kinds['overflow record, extents'] = (operation) => {
  const one = pickRecord(operation, 'overflow');
  if (one) extents(operation, one.data);
};

each('inline attribute', INLINE, (operation) => pickRecord(operation, 'inline')?.data);
each('attribute fork', FORK_ATTRIBUTE, (operation) => pickRecord(operation, 'fork')?.data);
each('attribute fork', FORK, (operation) => {
  const one = pickRecord(operation, 'fork');
  return one && one.data + 8;
});
kinds['attribute fork, extents'] = (operation) => {
  const one = pickRecord(operation, 'fork');
  if (one) extents(operation, one.data + 24);
};
each('attribute extents', FORK_ATTRIBUTE, (operation) => pickRecord(operation, 'extents')?.data);
kinds['attribute extents, extents'] = (operation) => {
  const one = pickRecord(operation, 'extents');
  if (one) extents(operation, one.data + 8);
};

kinds['allocation file, bits'] = ({ on, random, wound }) => {
  const { header } = on;
  const start = header.allocationFile.extents[0]!.startBlock * header.blockSize;
  const room = header.allocationFile.totalBlocks * header.blockSize;
  const at = start + random.below(random.below(8) === 0 ? room : Math.ceil(header.totalBlocks / 8));
  if (random.below(3) === 0) wound.set(at, random.bytes(1));
  else wound.set(at, Uint8Array.of(on.bytes[at]! ^ (0x80 >> random.below(8))));
};

/** Hard links: type and creator `hlnkhfs+` of links, names of inodes. */
const links = ({ on }: Operation) =>
  on.records.filter(({ kind, data }) => kind === 'file' && on.view.getUint32(data + 48) === 0x686c6e6b);
const inodes = ({ on }: Operation) =>
  on.records.filter(
    ({ kind, key }) =>
      kind === 'file' &&
      Buffer.from(on.bytes.subarray(key + 8, key + 18)).equals(Buffer.from('\0i\0N\0o\0d\0e', 'latin1')),
  );
for (const [name, of] of [
  ['hard link', links],
  ['hard-link inode', inodes],
] as const) {
  const fields: Fields = {
    flags: [2, 2],
    firstLink: [4, 4],
    created: [12, 4],
    previous: [32, 4],
    next: [36, 4],
    mode: [42, 2],
    special: [44, 4],
    type: [48, 4],
  };
  each(name, fields, (operation) => {
    const all = of(operation);
    return all.length === 0 ? undefined : operation.random.pick(all).data;
  });
}
kinds['hard-link inode, number in its name'] = (operation) => {
  const all = inodes(operation);
  if (all.length > 0) operation.wound.field(operation.random.pick(all).key + 19, 1, [0x30, 0x31, 0x32, 0x39]);
};

const journalBlock = ({ on }: Operation) =>
  on.header.journalInfoBlock === 0 ? undefined : on.header.journalInfoBlock * on.header.blockSize;
each('journal info block', JOURNAL_INFO, journalBlock);
each('journal header', JOURNAL, (operation) => {
  const at = journalBlock(operation);
  return at === undefined ? undefined : Number(operation.on.view.getBigUint64(at + 36));
});

kinds['a sector of the metadata'] = (operation) => {
  const { random, wound } = operation;
  const node = random.pick(operation.on.nodes);
  wound.fill(node.at + 512 * random.below(node.size / 512), 512, random.pick([0, 0xff]));
};
kinds['a byte of the metadata'] = (operation) => {
  const { random, wound } = operation;
  const node = random.pick(operation.on.nodes);
  wound.field(node.at + random.below(node.size), 1);
};

/** All kinds of damage, by their names. */
export const KINDS: Readonly<Record<string, DamageKind>> = kinds;
