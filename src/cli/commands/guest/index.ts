import type { Command } from 'commander';
import type { Start } from '../../context.js';
import { examples } from '../../help.js';
import { registerCreate } from './create.js';
import { registerGuestDelete } from './delete.js';
import { registerGuestList } from './list.js';
import { registerRemoveKext } from './remove-kext.js';
import { registerScreenshot } from './screenshot.js';
import { registerGuestSet } from './set.js';
import { registerGuestShow } from './show.js';
import { registerSsh } from './ssh.js';
import { registerStatus } from './status.js';
import { registerStop } from './stop.js';
import { registerType } from './type.js';
import { registerWait } from './wait.js';

export function registerGuest(program: Command, start: Start): void {
  const guest = program
    .command('guest')
    .summary('make guests, reach and stop them, change them, delete them')
    .description(
      'Guests that have a folder: osx-iso boot NAME starts one. And changes on the disk of a guest that is shut down.',
    )
    .addHelpText(
      'after',
      examples([
        'osx-iso guest create yosemite --iso "Install OS X Yosemite.iso" --chameleon ./boot --osk-file ~/.osk',
        'osx-iso guest list',
        'osx-iso guest stop yosemite',
      ]),
    );
  registerCreate(guest, start);
  registerGuestList(guest, start);
  registerGuestShow(guest, start);
  registerGuestSet(guest, start);
  registerGuestDelete(guest, start);
  registerStatus(guest, start);
  registerWait(guest, start);
  registerSsh(guest, start);
  registerStop(guest, start);
  registerScreenshot(guest, start);
  registerType(guest, start);
  registerRemoveKext(guest, start);
}
