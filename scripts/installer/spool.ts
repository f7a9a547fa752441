import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ByteSource } from '../../src/formats/bytes.js';
import { type HostFile, openHostFile } from '../../src/host/host-file.js';

/** Where encoded bytes wait until they have their place in an image: a folder that goes with all that is in it. */
export class Spool {
  private readonly files: HostFile[] = [];

  constructor(private readonly folder: string) {}

  /** Writes what comes, front to back, and gives it as a source that can be read until close(). */
  async keep(name: string, bytes: AsyncIterable<Uint8Array>): Promise<ByteSource> {
    await mkdir(this.folder, { recursive: true });
    const path = join(this.folder, `${this.files.length}`);
    const file = await open(path, 'wx');
    try {
      for await (const part of bytes) await file.writeFile(part);
    } finally {
      await file.close();
    }
    const source = await openHostFile(path, { name });
    this.files.push(source);
    return source;
  }

  async close(): Promise<void> {
    for (const file of this.files.splice(0)) await file.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
