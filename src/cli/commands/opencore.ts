import type { Command } from 'commander';
import type { Start } from '../session.js';
import { registerOpenCoreEsp } from './opencore-esp.js';

export function registerOpenCore(program: Command, start: Start): void {
  const opencore = program
    .command('opencore')
    .summary('start guests by UEFI with OpenCore')
    .description(
      'OpenCore, the loader for UEFI: from the release that you download; nothing of it comes with osx-iso.',
    );
  registerOpenCoreEsp(opencore, start);
}
