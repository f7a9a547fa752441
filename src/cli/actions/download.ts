import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { DownloadOptions } from '../commands/download.js';
import { showBytes } from '../view-format.js';

/** `osx-iso download`: the files, what was proved of them, and what to type next. */
export async function download(options: DownloadOptions, context: Context): Promise<void> {
  const { path, title, files } = await osx.download(options, {
    signal: context.signal,
    emit: (event) => context.emit(event),
  });
  const lines = files.map((file) => `${file.path}  ${showBytes(file.size)}`);
  context.print(lines.join('\n'), { type: 'result', path, title, files });
  context.remark(`The ISO is made of it with: osx-iso build --app ${osx.quoteFile(path)}`);
}
