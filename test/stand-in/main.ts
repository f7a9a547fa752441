// A working stand-in for hdiutil, over the project's own formats: attach really puts a volume's files at the mount point, detach
// really writes back what was changed there, convert and resize make real images.
//
// From the manual and from output others have published (facts/recipes.md section 3): the verbs and options, -plist's keys and that
// their order is not fixed, resolved mount points, that an attached image is not attached twice, -limits' heading and three numbers,
// -puppetstrings' lines, extensions that are appended, the words of failures, 16 and 35 for "busy".
// Guesses: the exit status of each other failure (1, and 17 for File exists), what -pmap does to a disk with a map (nothing here),
// that an interrupted convert leaves its file, how many PERCENT lines there are, disk numbers. A mounted volume is a link to a
// folder on another device, a sparse image is a file with holes, and resize moves blocks, none of which is so on a Mac.
//
// HDIUTIL_STATE names the folder with its state; control.json in it says what is to go wrong (failures.ts).

import { spawnSync } from 'node:child_process';
import { Arguments } from './arguments.js';
import { after, before, dueRule, Failure } from './failures.js';
import { countCall, stateFolder } from './state.js';

async function run(argv: readonly string[]): Promise<void> {
  if (stateFolder === '') throw new Failure('this stand-in for hdiutil needs HDIUTIL_STATE', 64);
  if (argv[0] === 'xattr') return (await import('./xattr.js')).setAttribute(argv.slice(1));
  const args = new Arguments(argv);
  const action = dueRule(countCall(argv), args.has('-limits') ? `${args.verb} -limits` : args.verb);
  before(action);
  const print = (line: string) => process.stdout.write(`${line}\n`);
  // Each verb loads what it needs: there are many calls.
  switch (args.verb) {
    case 'attach':
    case 'mount':
      process.stdout.write(await (await import('./attach.js')).attach(args));
      break;
    case 'detach':
    case 'eject':
      process.stdout.write(await (await import('./detach.js')).detach(args));
      break;
    case 'info':
      process.stdout.write((await import('./info.js')).info(args));
      break;
    case 'imageinfo':
      process.stdout.write(await (await import('./convert.js')).imageInfo(args));
      break;
    case 'convert':
      await (await import('./convert.js')).convert(args, print);
      break;
    case 'resize':
      await (await import('./convert.js')).resize(args, print);
      break;
    case 'cp': {
      // test/bin/counted/cp: the real one, at its usual place.
      const { status } = spawnSync('/bin/cp', argv.slice(1), { stdio: ['ignore', 'inherit', 'inherit'] });
      if (status !== 0) throw new Failure('', status ?? 1);
      break;
    }
    default:
      throw new Failure(`hdiutil: ${args.verb}: unknown verb`, 1);
  }
  after(action);
}

process.on('SIGINT', () => {
  process.stderr.write('canceling...\n');
  process.exit(1);
});
// Whoever called us may be gone: go on, as hdiutil does.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

// As ps shows the real one: `clean` knows by it what a killed build has left running.
process.title = ['hdiutil', ...process.argv.slice(2)].join(' ');
try {
  await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(
    `${error instanceof Failure ? error.message : `stand-in for hdiutil: ${(error as Error).stack}`}\n`,
  );
  process.exitCode = error instanceof Failure ? error.status : 70;
}
