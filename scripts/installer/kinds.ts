/**
 * The forms of a partition map. 'apm-2048': Apple's up to 10.10; with 'atapi' a driver's partition before the volume. 'apm': 512-byte
 * blocks. 'apm-old-school': the descriptor says 2048, all else is in 512. 'gpt': the volume alone; with 'efi' behind an EFI partition.
 */
export type PartitionMap = 'apm' | 'apm-2048' | 'apm-2048-atapi' | 'apm-old-school' | 'gpt' | 'gpt-efi' | 'none';
/** 'cpio': not compressed at all. */
export type PayloadCoding = 'pbzx' | 'gzip' | 'bzip2' | 'cpio';
