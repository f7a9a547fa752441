import type { Command } from 'commander';
import type { Start } from '../../context.js';
import { registerRemoveKext } from './remove-kext.js';

export function registerGuest(program: Command, start: Start): void {
  const guest = program
    .command('guest')
    .summary("change a guest's system")
    .description("Changes what is installed on a guest's disk. The guest must be shut down.");
  registerRemoveKext(guest, start);
}
