import { randomBytes, randomUUID } from 'node:crypto';

/** QEMU's own prefix, which is locally administered; the rest by chance. */
export function newMac(): string {
  return ['52', '54', '00', ...[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/** In lower case. */
export function newUuid(): string {
  return randomUUID();
}
