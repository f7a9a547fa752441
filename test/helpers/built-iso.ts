import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kept, scratch } from './judges/tool.js';
import type { Seen, Truth, TruthEntry } from './judges/tree.js';

const TOP = join(import.meta.dirname, '..', '..');

/** What `make-installer --truth` writes. */
export interface InstallerTruth {
  readonly schema: 1;
  readonly release: string;
  readonly volume: string;
  readonly base: Readonly<Record<string, TruthEntry>>;
  readonly packages: Readonly<Record<string, TruthEntry>>;
  readonly kernels: Readonly<Record<string, TruthEntry>>;
  readonly files: Readonly<Record<string, TruthEntry>>;
  readonly kernel: {
    readonly path: string;
    readonly size: number;
    readonly sha256: string;
    readonly nonce: string;
    readonly bits: 64 | 32 | 'fat';
  };
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BuiltIso {
  readonly folder: string;
  readonly app: string;
  readonly iso: string;
  readonly truth: InstallerTruth;
  /** The command's own words. */
  readonly build: Ended;
}

/** Runs one of the project's own programs with Node, as `npm run` and `npx` do, in `cwd`. */
export function node(script: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = kept(
      spawn(process.execPath, [join(TOP, script), ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/** `osx-iso …` as a user types it. */
export const osxIso = (args: readonly string[], cwd: string) => node('bin/osx-iso.js', args, cwd);

/** Makes a synthetic installer and builds the ISO from it, by the commands that the README gives. */
export async function buildIso(options: {
  release: string;
  scale: number;
  extra?: readonly string[];
}): Promise<BuiltIso> {
  const folder = scratch('built');
  await must('scripts/setup.mjs', [], TOP);
  const truthFile = join(folder, 'truth.json');
  const { stdout } = await must(
    'dist/scripts/make-installer.js',
    [
      folder,
      '--release',
      options.release,
      '--scale',
      String(options.scale),
      '--truth',
      truthFile,
      ...(options.extra ?? []),
    ],
    folder,
  );
  const app = stdout.trim().split('\n').at(-1)!;
  const iso = join(folder, 'built.iso');
  const build = await must('bin/osx-iso.js', ['build', '--app', app, '-o', iso], folder);
  return { folder, app, iso, truth: JSON.parse(readFileSync(truthFile, 'utf8')) as InstallerTruth, build };
}

async function must(script: string, args: readonly string[], cwd: string): Promise<Ended> {
  const ended = await node(script, args, cwd);
  if (ended.status !== 0) {
    throw new Error(`${script} ${args.join(' ')}: status ${ended.status}\n${ended.stdout}${ended.stderr}`);
  }
  return ended;
}

/**
 * What the recipe must leave in the ISO's volume: BaseSystem's own files, the link Packages replaced by the packages
 * themselves, the kernel's folder, and BaseSystem.dmg with its chunklist at the root.
 */
export function expectedTree(truth: InstallerTruth): Truth {
  const tree: Record<string, Seen> = { ...truth.base };
  const packages = 'System/Installation/Packages';
  const kernels = truth.kernel.path.slice(1, truth.kernel.path.lastIndexOf('/'));
  for (const folder of [packages, kernels]) tree[folder] = { kind: 'folder' };
  for (const [path, entry] of Object.entries(truth.packages)) tree[`${packages}/${path}`] = entry;
  for (const [path, entry] of Object.entries(truth.kernels)) tree[`${kernels}/${path}`] = entry;
  return Object.assign(tree, truth.files);
}

/** A copy of an ISO with one byte changed in the middle of the first place that `needle` stands in. */
export function withDamage(iso: string, needle: Uint8Array): string {
  const bytes = readFileSync(iso);
  const at = bytes.indexOf(needle);
  if (at < 0) throw new Error('the ISO does not hold what should be damaged');
  const middle = at + (needle.length >> 1);
  bytes[middle]! ^= 0x01;
  const path = join(scratch('damaged'), 'damaged.iso');
  writeFileSync(path, bytes);
  return path;
}
