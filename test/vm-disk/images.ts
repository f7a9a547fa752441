/** Images by hand, as far as their headers: what a hostile one may say. */
export interface Qcow2Options {
  readonly size: number;
  readonly backing?: string;
  readonly backingFormat?: string | undefined;
  readonly dataFile?: string;
  /** More extensions: type and data. */
  readonly extensions?: readonly (readonly [number, Uint8Array])[];
}

const CLUSTER = 1 << 16;

/** A qcow2 without any data, version 3: header, one cluster each of refcount table, refcounts and L1 table (docs/interop/qcow2.txt). */
export function qcow2({ size, backing, backingFormat, dataFile, extensions = [] }: Qcow2Options): Buffer {
  const image = Buffer.alloc(4 * CLUSTER);
  image.write('QFI\xfb', 0, 'latin1');
  image.writeUInt32BE(3, 4);
  image.writeUInt32BE(16, 20);
  image.writeBigUInt64BE(BigInt(size), 24);
  image.writeUInt32BE(1, 36);
  image.writeBigUInt64BE(BigInt(3 * CLUSTER), 40);
  image.writeBigUInt64BE(BigInt(CLUSTER), 48);
  image.writeUInt32BE(1, 56);
  if (dataFile !== undefined) image.writeBigUInt64BE(4n, 72);
  image.writeUInt32BE(4, 96);
  image.writeUInt32BE(104, 100);
  let at = 104;
  const extend = (type: number, data: Uint8Array) => {
    image.writeUInt32BE(type, at);
    image.writeUInt32BE(data.length, at + 4);
    image.set(data, at + 8);
    at += 8 + Math.ceil(data.length / 8) * 8;
  };
  if (backingFormat !== undefined) extend(0xe2792aca, Buffer.from(backingFormat));
  for (const [type, data] of extensions) extend(type, data);
  if (dataFile !== undefined) extend(0x44415441, Buffer.from(dataFile));
  at += 8;
  if (backing !== undefined) {
    image.writeBigUInt64BE(BigInt(at), 8);
    image.writeUInt32BE(Buffer.byteLength(backing), 16);
    image.write(backing, at);
  }
  image.writeBigUInt64BE(BigInt(2 * CLUSTER), CLUSTER);
  for (let i = 0; i < 4; i++) image.writeUInt16BE(1, 2 * CLUSTER + 2 * i);
  return image;
}

/** A VMDK's descriptor as a file of its own. QEMU opens an extent twice that has an empty line before it. */
export function vmdkText(extents: string): string {
  return `# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\n${extents}\nddb.adapterType = "ide"\nddb.geometry.sectors = "63"\n`;
}
