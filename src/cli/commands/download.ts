import { type Command, InvalidArgumentError } from 'commander';
import type { Start } from '../session.js';

/** `osx-iso download`, as typed. */
export interface DownloadOptions {
  /** A release, or a URL. */
  readonly what: string;
  /** The folder. */
  readonly output?: string;
  readonly buildNumber?: string;
  readonly connections?: number;
}

export function registerDownload(program: Command, start: Start): void {
  program
    .command('download')
    .summary('download an installer, in any number of goes')
    .description(
      "Downloads an installer from Apple's public servers, or a file from any URL. Interrupted, the same command goes on.",
    )
    .argument('<name|url>', 'a release (yosemite, 10.12, "OS X El Capitan"), or the URL of a file')
    .option('-o, --output <dir>', "the folder (default: one of the release's name, here)")
    .option('--build-number <build>', 'this build of the release, not the newest: 17G66')
    .option('--connections <number>', 'parts fetched at once, 1 to 16 (default: 4)', connections)
    .addHelpText('after', '\nExample:\n  osx-iso download sierra')
    .action((what: string, options: Omit<DownloadOptions, 'what'>) =>
      start((api, context) => api.download({ what, ...options }, context)),
    );
}

function connections(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 16) throw new InvalidArgumentError('a number from 1 to 16.');
  return value;
}
