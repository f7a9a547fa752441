import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Tool } from './needs.js';
import { run, scratch } from './tool.js';

/** A stretch of a disk image; all in bytes. */
export interface Stretch {
  readonly start: number;
  readonly length: number;
  readonly description: string;
}

/** What mmls needs. */
export const VOLUME_TOOLS = ['mmls'] as const satisfies readonly Tool[];

/** The partitions of a raw disk image as The Sleuth Kit sees them; none where it finds no map. */
export async function partitions(image: string): Promise<Stretch[]> {
  const text = (await map(image, 512)) ?? (await map(image, 2048));
  if (text === undefined) return [];
  const sector = Number(/Units are in (\d+)-byte sectors/.exec(text)?.[1]);
  if (!(sector >= 512)) throw new Error(`mmls says no sector size:\n${text}`);
  // "004:  000       0000000040   0000003799   0000003760   disk image": a number in the second column is a partition.
  return [...text.matchAll(/^\d+:\s+\d[\d:]*\s+(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/gm)].map((line) => ({
    start: Number(line[1]) * sector,
    length: Number(line[3]) * sector,
    description: line[4]!.trim(),
  }));
}

/** What it says of a map whose blocks have so many bytes; undefined where it finds none. */
async function map(image: string, block: number): Promise<string | undefined> {
  const { status, stdout } = await run('mmls', ['-i', 'raw', '-b', `${block}`, image]);
  return status === 0 ? stdout.toString('utf8') : undefined;
}

/** Where the HFS+ volume of a raw image is: the only partition with its signature (H+ or HX at byte 1024), or all of it. */
export async function findVolume(image: string): Promise<Stretch> {
  const fd = openSync(image, 'r');
  try {
    const isVolume = (start: number) => {
      const signature = Buffer.alloc(2);
      readSync(fd, signature, 0, 2, start + 1024);
      return ['H+', 'HX'].includes(signature.toString('latin1'));
    };
    const whole = { start: 0, length: fstatSync(fd).size, description: 'whole image' };
    const all = await partitions(image);
    const found = all.length === 0 ? [whole].filter(() => isVolume(0)) : all.filter(({ start }) => isVolume(start));
    if (found.length !== 1) {
      throw new Error(`${found.length} HFS+ volumes in ${image}; partitions: ${JSON.stringify(all)}`);
    }
    return found[0]!;
  } finally {
    closeSync(fd);
  }
}

/** Copies a stretch of an image into a file of its own, holes where there are only zeros: some judges want a bare volume. */
export function extract(image: string, stretch: Stretch, name = 'volume.img'): string {
  const path = join(scratch('volume'), name);
  const from = openSync(image, 'r');
  const to = openSync(path, 'w');
  try {
    const chunk = Buffer.alloc(1 << 20);
    for (let at = 0; at < stretch.length; at += chunk.length) {
      const want = Math.min(chunk.length, stretch.length - at);
      const got = readSync(from, chunk, 0, want, stretch.start + at);
      if (got !== want) throw new Error(`${image} ends at ${stretch.start + at + got}, inside the volume`);
      if (!zero(chunk, got)) writeSync(to, chunk, 0, got, at);
    }
    ftruncateSync(to, stretch.length);
  } finally {
    closeSync(from);
    closeSync(to);
  }
  return path;
}

const ZEROS = Buffer.alloc(1 << 20);

function zero(bytes: Buffer, length: number): boolean {
  return bytes.compare(ZEROS, 0, length, 0, length) === 0;
}
