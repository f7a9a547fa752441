import type { Command } from 'commander';
import type * as Osx from '../../index.js';
import type { Context, Start } from '../context.js';
import { examples } from '../help.js';
import { partitionNumber } from '../parse.js';
import { printable, showBytes } from '../view/format.js';

/** `osx-iso inspect`, as typed. */
export interface InspectOptions {
  /** An image, a package or an installer app. */
  readonly file: string;
  /** A folder or file inside; default: the whole, in short. */
  readonly path?: string;
  /** Copy what is at `path` to this host path; "-" is stdout. */
  readonly output?: string;
  /** Of a disk: the partition to look into. */
  readonly partition?: number;
}

export function registerInspect(program: Command, start: Start): void {
  program
    .command('inspect')
    .summary('look into an image, a package or an installer')
    .description('Looks into a disk image, a package or an installer app. Nothing is attached or changed.')
    .argument('<file|app|url>', 'what to look into')
    .argument('[path]', 'a folder or a file inside: "/System/Installation/Packages"')
    .option(
      '-o, --output <out>',
      'copy what is at the path to this file or folder; "-": to stdout (default: it is listed)',
    )
    .option(
      '--partition <n>',
      'of a disk with several volumes: the number of the partition (default: the one with HFS+)',
      partitionNumber,
    )
    .addHelpText(
      'after',
      examples([
        'osx-iso inspect "Install OS X Yosemite.iso"',
        'osx-iso inspect InstallMacOSX.dmg /Packages',
        'osx-iso inspect InstallMacOSX.dmg /Packages/Essentials.pkg/System/Library/Kernels -o Kernels',
        'osx-iso inspect "Install OS X Yosemite.iso" /mach_kernel -o mach_kernel',
      ]),
    )
    .action((file: string, path: string | undefined, options: { output?: string; partition?: number }) =>
      start('inspect', inspect, { file, ...(path !== undefined && { path }), ...options }),
    );
}

/** `osx-iso inspect`: the chain of containers and a listing, or what was extracted. */
export async function inspect(
  osx: typeof Osx,
  { file, path, output, partition }: InspectOptions,
  context: Context,
): Promise<void> {
  const where = { ...(partition !== undefined && { partition }), signal: context.signal };
  const given = { ...(path !== undefined && { inside: path }), ...where };
  if (output === '-') {
    if (path === undefined) throw new osx.UsageError('-o - needs the path of a file inside.');
    await osx.readInside(file, path, (part) => context.write(part), where);
    return;
  }
  if (output !== undefined && path === undefined) {
    throw new osx.UsageError('-o needs a path inside: what is to be copied out.', 'Use / for everything.');
  }
  const scope = new osx.Scope(await osx.openJournal({ optional: true }));
  context.holds(() => scope.pending());
  const found = await osx.inspect(file, { ...given, scope, ...(output !== undefined && { output }) });
  const lines: string[] = [];
  if (found.extracted) {
    const { path: to, files, bytes: size } = found.extracted;
    lines.push(`${to}: ${files} ${files === 1 ? 'file' : 'files'}, ${showBytes(size)}`);
  } else {
    if (path === undefined) {
      if (found.installer) {
        lines.push(`installer: ${found.installer.release} (${found.installer.kind})`);
        for (const note of found.installer.notes) lines.push(`    ${note}`);
      }
      for (const [depth, layer] of found.layers.entries()) {
        lines.push(`${'  '.repeat(depth)}${layer.kind}: ${layer.name}`);
        for (const line of layer.lines) lines.push(`${'  '.repeat(depth)}    ${line}`);
      }
      lines.push('');
    }
    lines.push(...found.listing.map(listed));
  }
  if (found.more) lines.push('… and more: give a path that is further inside, or -o.');
  context.print(lines.map(printable).join('\n'), { type: 'inspect', ...found });
}

function listed(entry: Osx.Inspection['listing'][number]): string {
  const date = new Date(entry.modified * 1000).toISOString().slice(0, 10);
  const target = entry.target === undefined ? '' : ` -> ${entry.target}`;
  const owner = `${entry.uid}:${entry.gid}`.padEnd(7);
  return `${modeText(entry)} ${owner} ${String(entry.size).padStart(12)} ${date} ${entry.path}${target}`;
}

/** As ls prints it. */
function modeText({ kind, mode }: { kind: string; mode: number }): string {
  const type = { folder: 'd', symlink: 'l', special: '?' }[kind] ?? '-';
  const bits = [...'rwxrwxrwx'].map((letter, i) => (mode & (0o400 >> i) ? letter : '-'));
  return type + bits.join('');
}
