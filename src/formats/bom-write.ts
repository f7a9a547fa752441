/** A block's place is written when it is known. */
const INDEX_AT = 512;

/**
 * A Bom that lists these paths (POSIX, "" the root, parents before what is in them), as far as listedInBom reads one: the store,
 * the tree "Paths" in leaves of at most `perLeaf` paths. Sizes, owners and modes in it are zeros.
 */
export function writeBom(paths: readonly string[], perLeaf = 256): Uint8Array {
  // Block 0 is none; 1 is the tree, then come the leaves, the root node over them where there are several, and every path's two.
  const blocks: Buffer[] = [Buffer.alloc(0), Buffer.alloc(21)];
  const add = (block: Buffer) => blocks.push(block) - 1;
  const ids = new Map(paths.map((path, i) => [path, i + 1]));
  const records = paths.map((path, i) => {
    const slash = path.lastIndexOf('/');
    const parent = path === '' ? 0 : (ids.get(path.slice(0, Math.max(slash, 0))) ?? 0);
    const name = path === '' ? '.' : path.slice(slash + 1);
    const properties = add(Buffer.alloc(31));
    const info = Buffer.alloc(8);
    info.writeUInt32BE(i + 1, 0);
    info.writeUInt32BE(properties, 4);
    const file = Buffer.alloc(4 + Buffer.byteLength(name) + 1);
    file.writeUInt32BE(parent, 0);
    file.write(name, 4, 'utf8');
    return [add(info), add(file)] as const;
  });
  const leaves: Buffer[] = [];
  for (let i = 0; i === 0 || i < records.length; i += perLeaf) leaves.push(node(1, records.slice(i, i + perLeaf)));
  const first = blocks.length;
  for (const [i, leaf] of leaves.entries()) {
    if (i + 1 < leaves.length) leaf.writeUInt32BE(first + i + 1, 4);
    if (i > 0) leaf.writeUInt32BE(first + i - 1, 8);
    add(leaf);
  }
  const lastOf = (i: number) => records[Math.min((i + 1) * perLeaf, records.length) - 1]![1];
  const root =
    leaves.length === 1
      ? first
      : add(
          node(
            0,
            leaves.map((_, i) => [first + i, lastOf(i)] as const),
          ),
        );
  const tree = blocks[1]!;
  tree.write('tree', 0, 'latin1');
  for (const [i, value] of [1, root, 4096, paths.length].entries()) tree.writeUInt32BE(value, 4 + 4 * i);

  const variables = Buffer.from('\0\0\0\x01\0\0\0\x01\x05Paths', 'latin1');
  const index = Buffer.alloc(4 + 8 * blocks.length);
  index.writeUInt32BE(blocks.length, 0);
  let at = INDEX_AT + index.length + variables.length;
  for (const [i, block] of blocks.entries()) {
    if (i > 0) index.writeUInt32BE(at, 4 + 8 * i);
    index.writeUInt32BE(block.length, 8 + 8 * i);
    at += block.length;
  }
  const header = Buffer.alloc(INDEX_AT);
  header.write('BOMStore', 0, 'latin1');
  const places = [1, blocks.length - 1, INDEX_AT, index.length, INDEX_AT + index.length, variables.length];
  for (const [i, value] of places.entries()) header.writeUInt32BE(value, 8 + 4 * i);
  return Buffer.concat([header, index, variables, ...blocks]);
}

/** A node of pairs of blocks: of a path's number and its name, or of a node below and the last name in it. */
function node(isLeaf: 0 | 1, pairs: readonly (readonly [number, number])[]): Buffer {
  const block = Buffer.alloc(12 + 8 * pairs.length);
  block.writeUInt16BE(isLeaf, 0);
  block.writeUInt16BE(pairs.length, 2);
  for (const [i, [one, other]] of pairs.entries()) {
    block.writeUInt32BE(one, 12 + 8 * i);
    block.writeUInt32BE(other, 16 + 8 * i);
  }
  return block;
}
