// npm run demo: makes a small installer (once), builds an ISO from it with the real command line, verifies it.
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';
import { Interrupted, UserError } from '../src/errors.js';
import { type InstallerOptions, identity, madeFrom, makeInstaller, releases, settingsOf } from './installer/index.js';

const top = join(fileURLToPath(import.meta.url), '..', '..', '..');
const folder = join(top, 'demo');
const options: InstallerOptions = { directory: folder, scale: 0.02, seed: 2015 };
const app = join(folder, releases['10.10'].app);
const iso = join(folder, 'Install OS X Yosemite.iso');
const command = join(top, 'bin', 'osx-iso.js');

/** Runs the command line as a user would, on this terminal. Ends the demo with its exit code when it fails. */
async function osxIso(...args: string[]): Promise<void> {
  say(`$ osx-iso ${args.map((arg) => shown(arg)).join(' ')}`);
  const { exitCode } = await $({
    stdio: 'inherit',
    nothrow: true,
    quiet: true,
  })`${process.execPath} ${command} ${args}`;
  if (exitCode !== 0) process.exit(exitCode ?? 1);
  say('');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A path as seen from here, an argument as one would type it. */
function shown(arg: string): string {
  const short = arg.startsWith(top) ? relative(process.cwd(), arg) : arg;
  return /^[\w./-]+$/.test(short) ? short : `"${short}"`;
}

// The child gets Ctrl-C from the terminal as well and cleans up; the demo ends with its exit code.
let interrupted = false;
process.on('SIGINT', () => {
  interrupted = true;
});

const same = existsSync(app) && (await madeFrom(app)) === JSON.stringify(identity(settingsOf(options)));
if (same) {
  say(`Using the made-up installer ${shown(app)}.`);
} else {
  say('Making a small made-up installer: the shape of Apple\u2019s, none of its content.');
  const report = () => {
    if (interrupted) throw new Interrupted();
  };
  await makeInstaller({ ...options, report }).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message} ${error.hint ?? ''}\n`);
    process.exit(error.exitCode);
  });
}
say('');
await osxIso('build', '--app', app, '-o', iso, '--force');
await osxIso('verify', iso);
say('Look into it:');
say(`    npm -s start -- inspect ${shown(iso)} /System/Library/Kernels`);
say('With a real installer it is the same command:');
say('    npm start -- build --app "/path/to/Install OS X Yosemite.app"');
