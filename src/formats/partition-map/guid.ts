/** GPT partition types this program knows. */
export const GuidType = {
  /** EFI system partition (UEFI 2.10, 5.3.3). */
  efi: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  hfs: '48465300-0000-11AA-AA11-00306543ECAC',
  apfs: '7C3457EF-0000-11AA-AA11-00306543ECAC',
  coreStorage: '53746F72-6167-11AA-AA11-00306543ECAC',
} as const;

/** Whether a partition's type (of whatever scheme, see Partition.type) says that an HFS+ volume is in it. */
export function isHfsType(type: string): boolean {
  return ['Apple_HFS', 'Apple_HFSX', GuidType.hfs, '0xAF'].includes(type);
}

/** Where each pair of hex digits of a GUID's text lies in its 16 bytes: the first three groups are little-endian. */
const ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** The text of 16 stored bytes, upper case. */
export function guidText(bytes: Uint8Array): string {
  const hex = ORDER.map((at) => bytes[at]!.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The 16 bytes of a GUID's text. */
export function guidBytes(text: string): Uint8Array {
  if (!/^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/.test(text)) throw new Error(`${text} is no GUID`);
  const hex = text.replaceAll('-', '');
  const bytes = new Uint8Array(16);
  for (const [i, at] of ORDER.entries()) bytes[at] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}
