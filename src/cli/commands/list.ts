import type { Command } from 'commander';
import type { Start } from '../session.js';

export function registerList(program: Command, start: Start): void {
  program
    .command('list')
    .summary('list the installers that Apple offers')
    .description(
      "Lists the full installers that can be had from Apple's public servers: release, build, size, where from.",
    )
    .action(() => start((api, context) => api.list({}, context)));
}
