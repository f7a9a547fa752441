import type { Command } from 'commander';
import type * as Osx from '../../index.js';
import type { Context, Start } from '../context.js';
import { examples } from '../help.js';
import { wholeNumber } from '../parse.js';
import { showBytes } from '../view/format.js';

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
    .option('--build-number <build>', 'this build of the release, as 17G66 (default: the newest)')
    .option('--connections <number>', 'parts fetched at once, 1 to 16 (default: 4)', wholeNumber(1, 16))
    .addHelpText('after', examples(['osx-iso download sierra']))
    .action((what: string, options: Omit<DownloadOptions, 'what'>) =>
      start('download', download, { what, ...options }),
    );
}

/** `osx-iso download`: the files, what was proved of them, and what to type next. */
export async function download(osx: typeof Osx, options: DownloadOptions, context: Context): Promise<void> {
  const { path, title, files } = await osx.download(options, {
    signal: context.signal,
    emit: (event) => context.emit(event),
  });
  const lines = files.map((file) => `${file.path}  ${showBytes(file.size)}`);
  context.print(lines.join('\n'), { type: 'download', path, title, files });
  context.remark(`The ISO is made of it with: osx-iso build --app ${osx.quoteFile(path)}`);
}
