const HEADER = 512;
const EMPTY = new Uint8Array(0);

/**
 * A BOMStore: 0 `BOMStore`, 8 version 1, 12 number of blocks, 16 offset and 20 length of the index, 24 offset and 28 length of the
 * variables; big-endian. The index is a count and an offset and length for each block (block 0 is none), then an empty free list; a
 * variable is the number of a block, u8 length, name.
 */
export class BomStore {
  private readonly blocks: Uint8Array[] = [EMPTY];
  private readonly variables: Buffer[] = [];

  /** Adds a block; returns its number. */
  block(bytes: Uint8Array): number {
    return this.blocks.push(bytes) - 1;
  }

  /** A number for a block that will be filled later. */
  reserve(): number {
    return this.block(EMPTY);
  }

  fill(number: number, bytes: Uint8Array): void {
    this.blocks[number] = bytes;
  }

  variable(name: string, block: number): void {
    const bytes = Buffer.alloc(5 + name.length);
    bytes.writeUInt32BE(block, 0);
    bytes.writeUInt8(name.length, 4);
    bytes.write(name, 5, 'latin1');
    this.variables.push(bytes);
  }

  bytes(): Uint8Array {
    const index = Buffer.alloc(4 + 8 * this.blocks.length + 4);
    index.writeUInt32BE(this.blocks.length, 0);
    let at = HEADER;
    for (const [i, block] of this.blocks.entries()) {
      if (i > 0) index.writeUInt32BE(at, 4 + 8 * i);
      index.writeUInt32BE(block.length, 8 + 8 * i);
      at += block.length;
    }
    const count = Buffer.alloc(4);
    count.writeUInt32BE(this.variables.length);
    const variables = Buffer.concat([count, ...this.variables]);
    const header = Buffer.alloc(HEADER);
    header.write('BOMStore', 'latin1');
    header.writeUInt32BE(1, 8);
    header.writeUInt32BE(this.blocks.length - 1, 12);
    header.writeUInt32BE(at + variables.length, 16);
    header.writeUInt32BE(index.length, 20);
    header.writeUInt32BE(at, 24);
    header.writeUInt32BE(variables.length, 28);
    return Buffer.concat([header, ...this.blocks, variables, index]);
  }
}
