import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Truth } from '../../scripts/installer/truth.js';
import { type Shape, sharedInstaller } from './installers.js';
import { kept, scratch } from './judges/tool.js';
import type { Expected, Seen } from './judges/tree.js';

const TOP = join(import.meta.dirname, '..', '..');

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BuiltIso {
  readonly folder: string;
  readonly app: string;
  readonly iso: string;
  readonly truth: Truth;
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

/** An ISO that the command line builds from an installer of that shape, in a folder of the test's own. */
export async function buildIso(shape: Shape, ...more: string[]): Promise<BuiltIso> {
  const { app, truth } = await sharedInstaller(shape);
  return build(scratch('built'), app, truth!, 'built.iso', more);
}

/** Builds once more from the same app. */
export function buildAgain({ folder, app, truth }: BuiltIso, name: string): Promise<BuiltIso> {
  return build(folder, app, truth, name);
}

async function build(
  folder: string,
  app: string,
  truth: Truth,
  name: string,
  more: readonly string[] = [],
): Promise<BuiltIso> {
  const iso = join(folder, name);
  const argv = ['build', '--app', app, '-o', iso, ...more];
  return { folder, app, iso, truth, build: await must('bin/osx-iso.js', argv, folder) };
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
 * themselves, the kernel's folder, and BaseSystem.dmg with its chunklist at the root. A medium that is Apple's own disk: all of that.
 */
export function expectedTree(truth: Truth): Expected {
  if (truth.release === '10.6') return truth.base;
  const tree: Record<string, Seen> = { ...truth.base, ...bootPlist(truth.release) };
  if (truth.whole) return tree;
  const packages = 'System/Installation/Packages';
  const kernels = truth.kernel.path.slice(1, truth.kernel.path.lastIndexOf('/'));
  for (const folder of [packages, kernels]) if (folder !== '') tree[folder] = { kind: 'folder' };
  for (const [path, entry] of Object.entries(truth.packages)) tree[`${packages}/${path}`] = entry;
  const { '': folder, ...inKernels } = truth.kernels;
  if (folder?.xattrs) tree[kernels] = { kind: 'folder', xattrs: folder.xattrs };
  for (const [path, entry] of Object.entries(inKernels)) tree[kernels === '' ? path : `${kernels}/${path}`] = entry;
  return Object.assign(tree, truth.files);
}

/** What the recipes add for the boot loader: the release's template, which stands in templates/ byte for byte as it is written. */
function bootPlist(release: string): Record<string, Seen> {
  const template = ['10.10', '10.11'].includes(release) ? 'yosemite' : 'installer';
  const bytes = readFileSync(join(TOP, 'templates', `${template}.plist`));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    Extra: { kind: 'folder', mode: 0o40755 },
    'Extra/org.chameleon.Boot.plist': { kind: 'file', mode: 0o100644, size: bytes.length, sha256 },
  };
}

/**
 * A copy of an ISO, under the same name, with one byte changed in the middle of the file that these are the first bytes of:
 * at the only place where they stand on a boundary of blocks (inside a package they are on none).
 */
export function withDamage(iso: string, head: Uint8Array): string {
  const bytes = readFileSync(iso);
  const places: number[] = [];
  for (let at = bytes.indexOf(head); at >= 0; at = bytes.indexOf(head, at + 1)) if (at % 4096 === 0) places.push(at);
  if (places.length !== 1) throw new Error(`the file that should be damaged is at ${places.length} places of the ISO`);
  const middle = places[0]! + (head.length >> 1);
  bytes[middle]! ^= 0x01;
  const path = join(scratch('damaged'), basename(iso));
  writeFileSync(path, bytes);
  return path;
}
