import type { Command } from 'commander';
import type * as Osx from '../../index.js';
import type { Context, Start } from '../context.js';
import { examples } from '../help.js';
import { showBytes } from '../view/format.js';

export function registerList(program: Command, start: Start): void {
  program
    .command('list')
    .summary('list the installers that Apple offers')
    .description(
      "Lists the full installers that can be had from Apple's public servers: release, build, size, where from.",
    )
    .addHelpText('after', examples(['osx-iso list', 'osx-iso list --json']))
    .action(() => start('list', list, {}));
}

/** `osx-iso list`: a line an installer, newest first. */
export async function list(osx: typeof Osx, _options: object, context: Context): Promise<void> {
  const { products, missing } = await osx.listProducts({ signal: context.signal });
  const rows = products.map(({ title, parts, version, build, id }) => {
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    const host = new URL(parts[0]!.urls[0]!).host;
    return { title, version, build, size, host, files: parts.map(({ name }) => name), ...(id !== undefined && { id }) };
  });
  const width = Math.max(0, ...rows.map(({ title }) => title.length));
  const lines = rows.map(
    ({ title, size, host, files }) =>
      `${title.padEnd(width)}  ${showBytes(size).padStart(7)}  ${host}  ${files.join(', ')}`,
  );
  context.print(lines.join('\n'), {
    type: 'list',
    installers: products.map(({ parts, ...product }) => ({
      ...product,
      parts: parts.map(({ name, size, urls }) => ({ name, size, urls: urls.map(String) })),
    })),
    ...(missing && { missing: missing.message }),
  });
  if (missing) {
    context.remark(`The catalogue (10.13 to 10.15) could not be had: ${missing.message}`);
    return;
  }
  context.remark(
    'osx-iso build NAME makes the ISO from one of these, osx-iso download NAME keeps it. Not offered: 10.6, 10.9.',
  );
}
