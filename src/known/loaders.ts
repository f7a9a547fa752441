/**
 * Sectors of 512 bytes that Chameleon and its kin (Enoch, boot-132, RevoBoot, boot1h) read at once from the one they want, without
 * ever stopping at the end of the disk (measured with Enoch r2839, code: i386/libsaio/disk.c). So a sector S that a loader may read
 * needs S + 64 ≤ sectors of the disk.
 */
export const READ_AHEAD_SECTORS = 64;
