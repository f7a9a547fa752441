import type { Command } from 'commander';
import type { Start } from '../../context.js';
import { examples } from '../../help.js';
import { registerOpenCoreCheck } from './check.js';
import { registerOpenCoreConfig } from './config.js';
import { registerOpenCoreEsp } from './esp.js';

export function registerOpenCore(program: Command, start: Start): void {
  const opencore = program
    .command('opencore')
    .summary('start guests by UEFI with OpenCore')
    .description('OpenCore, the loader for UEFI: from the release that you download; nothing of it comes with osx-iso.')
    .addHelpText(
      'after',
      examples([
        'osx-iso opencore config --release 10.10',
        'osx-iso opencore esp esp.img --zip OpenCore-1.0.5-RELEASE.zip',
      ]),
    );
  registerOpenCoreConfig(opencore, start);
  registerOpenCoreCheck(opencore, start);
  registerOpenCoreEsp(opencore, start);
}
