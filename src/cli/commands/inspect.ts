import type { Command } from 'commander';
import type { Start } from '../session.js';
import { partitionNumber } from './plist.js';

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
    .option('-o, --output <out>', 'copy what is at the path to this file or folder ("-": to stdout)')
    .option('--partition <n>', 'of a disk with several volumes: the one in this partition', partitionNumber)
    .action((file: string, path: string | undefined, options: { output?: string; partition?: number }) =>
      start((api, context) => api.inspect({ file, ...(path !== undefined && { path }), ...options }, context)),
    );
}
