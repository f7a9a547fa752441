import { spawn } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ByteSource } from '../../src/formats/bytes.js';
import { openDisk, openVolume } from '../../src/formats/disk.js';
import { openPbzx } from '../../src/formats/pbzx/index.js';
import { openXar } from '../../src/formats/xar/index.js';
import { openHostFile } from '../../src/host/host-file.js';
import { median } from './cost.js';
import { appIn } from './installers.js';
import { measureShell } from './measure.js';

/** Stored bytes in a file, as `xz` and `bzip2` take them. */
export interface Stored {
  readonly codec: 'xz' | 'bzip2';
  readonly file: string;
  /** Of xz: bytes of each stream, stored and plain. */
  readonly chunks: readonly { readonly length: number; readonly plain: number }[];
}

const ONE = fileURLToPath(new URL('./decode-one.js', import.meta.url));
/** Chunks of 16 MiB. */
const MOST_CHUNKS = 16;
/** Of a bzip2 stream; some 60 MB plain. */
const MOST_STORED = 30_000_000;

/** What our decoders take of the processor beside `xz -dc` and `bzip2 -dc` of the same bytes, in turn: a line each, medians. */
export async function compareDecoders(dir: string, scale: number, count: number): Promise<string> {
  const lines: string[] = [];
  for (const stored of [await xzIn(dir, scale), await bzip2In(dir, scale)]) {
    const { codec, file } = stored;
    const ratios: number[] = [];
    const own: number[] = [];
    const others: number[] = [];
    try {
      for (let i = 0; i < count; i++) {
        own.push(await ours(stored));
        const { cpu } = await measureShell(`${codec} -dc <"$1" >/dev/null 2>&1`, [file], {
          anyStatus: codec === 'bzip2',
        });
        others.push(cpu);
        ratios.push(own.at(-1)! / cpu);
      }
    } finally {
      await rm(file, { force: true });
    }
    const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
    const cpu = `CPU ${median(own).toFixed(2)} s, ${codec} -dc ${median(others).toFixed(2)} s`;
    lines.push(`${codec}: ${median(ratios).toFixed(2)} × (${spread}, ${count} in turn); ${cpu}\n`);
  }
  return lines.join('');
}

/** Seconds of decoding alone, not of starting node. */
function ours(stored: Stored): Promise<number> {
  const child = spawn(process.execPath, [ONE, JSON.stringify(stored)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (seconds) => resolve(seconds as number));
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`${ONE}: expected what it took, found exit code ${code}`)));
  });
}

async function xzIn(dir: string, scale: number): Promise<Stored> {
  const file = join(dir, 'bench.xz');
  const chunks: { length: number; plain: number }[] = [];
  await withPayload(dir, '10.10', scale, async (payload) => {
    const plain = await openPbzx(payload);
    const some = plain.chunks.filter(({ raw }) => !raw).slice(0, MOST_CHUNKS);
    const parts = some.map(({ at, stored }) => ({ offset: at, length: stored }));
    await write(file, payload, parts);
    chunks.push(...some.map((chunk) => ({ length: chunk.stored, plain: chunk.plain })));
  });
  return { codec: 'xz', file, chunks };
}

async function bzip2In(dir: string, scale: number): Promise<Stored> {
  const file = join(dir, 'bench.bz2');
  await withPayload(dir, '10.9', scale, (payload) =>
    write(file, payload, [{ offset: 0, length: Math.min(MOST_STORED, payload.size) }]),
  );
  return { codec: 'bzip2', file, chunks: [] };
}

async function withPayload(
  dir: string,
  release: '10.9' | '10.10',
  scale: number,
  use: (payload: ByteSource) => Promise<void>,
): Promise<void> {
  const { files } = await appIn(dir, release, scale);
  const image = await openHostFile(files.find((file) => file.endsWith('InstallESD.dmg'))!);
  try {
    const { volume } = await openVolume(await openDisk(image));
    const essentials = (await volume.file(['Packages', 'Essentials.pkg']))!;
    await use((await openXar(essentials)).member('Payload'));
  } finally {
    await image.close();
  }
}

async function write(path: string, source: ByteSource, parts: readonly { offset: number; length: number }[]) {
  const file = await open(path, 'w');
  try {
    for (const { offset, length } of parts) await file.write(await source.read(offset, length));
  } finally {
    await file.close();
  }
}
