/** Another file that an image makes QEMU open. */
export interface VmDiskReference {
  readonly role: 'backing file' | 'data file' | 'extent';
  /** As the image has it; empty where it says that there is one, and not which. */
  readonly name: string;
  /** Where in the image that is said, bytes. */
  readonly at: number;
  /** The other file's format by QEMU's name, where the image says it. Without one QEMU would guess by the content. */
  readonly format?: string;
}

/** The longest name QEMU takes (its buffers have 1024 bytes). */
export const MAX_NAME = 1023;

/** A name among an image's bytes: QEMU takes it up to the first NUL. */
export function nameIn(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}
