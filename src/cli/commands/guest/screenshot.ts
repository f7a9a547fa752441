import { basename } from 'node:path';
import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';

/** `osx-iso guest screenshot`, as typed. */
export interface ScreenshotOptions {
  readonly guest: string;
  readonly output?: string;
}

export function registerScreenshot(guest: Command, start: Start): void {
  guest
    .command('screenshot')
    .summary("make a picture of a running guest's screen")
    .description("Makes a PNG of a running guest's screen, as it is now.")
    .argument('<guest>', "the guest's folder")
    .option('-o, --output <file>', 'the picture (default: the name of the guest and the time)')
    .addHelpText('after', examples(['osx-iso guest screenshot yosemite -o yosemite.png']))
    .action((name: string, options: Partial<ScreenshotOptions>) =>
      start('guestScreenshot', screenshot, { ...options, guest: name }),
    );
}

/** `osx-iso guest screenshot` */
export async function screenshot(osx: typeof Osx, options: ScreenshotOptions, context: Context): Promise<void> {
  const { guest } = options;
  const folder = await osx.runFolder(guest);
  const run = await osx.expectRunning(folder, guest);
  const output = options.output ?? `${basename(folder)}-${timeStamp(new Date())}.png`;
  const scope = new osx.Scope(await osx.openJournal({ optional: true }));
  const file = await osx.takeScreenshot(run, output, { signal: context.signal, scope });
  context.print(output, { type: 'screenshot', guest, file });
}

/** "2026-11-26-221630", of the clock on the wall. */
function timeStamp(now: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  return `${date}-${[now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join('')}`;
}
