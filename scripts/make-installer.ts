// npm run make-installer -- DIR [--scale 0.1]: a made-up "Install OS X Yosemite.app", shaped like Apple's, to try osx-iso on.
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Interrupted, UserError } from '../src/errors.js';
import { type Form, forms, makeInstaller, type ReleaseName, releases } from './installer/index.js';
import { scale } from './scale.js';

// The lists of a full-size system are 150 MB at their peak; V8 would let garbage pile up to twice that.
setFlagsFromString('--heap-growing-percent=15');

interface Given {
  readonly scale: number;
  readonly release: ReleaseName;
  readonly form: Form;
  readonly seed: number;
  readonly truth?: string;
}

const program = new Command('make-installer')
  .description('Writes a made-up installer: the shape of a real one, no byte of Apple. It installs nothing.')
  .argument('<dir>', 'the folder that gets it')
  .option('--scale <number>', '1 = sizes of the real thing (5 GB), 0.01 = a hundredth of it', scale, 0.01)
  .addOption(
    new Option('--release <release>', 'whose shape it has').choices(Object.keys(releases)).default('10.10' as const),
  )
  .addOption(new Option('--form <form>', 'what it is wrapped in').choices(forms).default('app' as const))
  .option('--seed <number>', 'same seed, same bytes', seed, 1)
  .option('--truth <file>', 'also write what a finished ISO must contain, as JSON')
  .action(make);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}${error.hint ? ` ${error.hint}` : ''}\n`);
  process.exitCode = error.exitCode;
}

async function make(directory: string, given: Given): Promise<void> {
  const started = Date.now();
  const show = process.stderr.isTTY === true;
  let shown = '';
  let interrupted = false;
  // The half-made app, gigabytes at scale 1, is removed before this ends.
  process.on('SIGINT', () => {
    interrupted = true;
  });
  const { app } = await makeInstaller({
    directory: resolve(directory),
    scale: given.scale,
    release: given.release,
    form: given.form,
    seed: given.seed,
    ...(given.truth === undefined ? {} : { truth: resolve(given.truth) }),
    report: ({ what, done, total }) => {
      if (interrupted) throw new Interrupted();
      const line = `${what} ${Math.floor((100 * done) / total)} %`;
      if (!show || line === shown) return;
      shown = line;
      process.stderr.write(`\r\x1b[K${line}`);
    },
  });
  if (show) process.stderr.write('\r\x1b[K');
  process.stderr.write(`Made in ${((Date.now() - started) / 1000).toFixed(1)} s:\n`);
  process.stdout.write(`${app}\n`);
}

function seed(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
    throw new InvalidArgumentError('a number from 0 to 2^32 - 1.');
  return value;
}
