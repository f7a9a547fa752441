/** A differencing VHD: type 4 in the footer's copy, and a locator with the parent's name. */
export function vhdWithParent(): Buffer {
  const vhd = Buffer.alloc(4096);
  vhd.write('conectix');
  vhd.writeBigUInt64BE(512n, 16);
  vhd.writeUInt32BE(4, 60);
  vhd.set(Buffer.from('C:\\base.vhd', 'utf16le').swap16(), 512 + 64);
  return vhd;
}

/** A QED image with a backing file, whose format it says is raw. */
export function qedWithBacking(): Buffer {
  const qed = Buffer.alloc(512);
  qed.write('QED\0');
  qed.writeBigUInt64LE(5n, 16);
  qed.writeUInt32LE(100, 56);
  qed.writeUInt32LE(4, 60);
  qed.write('base', 100);
  return qed;
}
