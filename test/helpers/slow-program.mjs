// osx-iso with a build of 30 s whose undo takes 300 ms and writes a file: for tests of Ctrl-C in a process of its own.
// Arguments: the folder of compiled modules, the file that the undo writes, then the command line.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [compiled, undone, ...argv] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(compiled, 'src', path)).href);
const { main } = await load('cli/main.js');
const { run } = await load('core/run.js');
const { Scope } = await load('core/scope.js');
const { Names } = await load('core/names.js');

const slow = Number(process.env.SLOW_UNDO ?? 300);
const recipe = [
  { verb: 'attach', title: 'Attach esd', args: ['esd'], run: async () => {} },
  {
    verb: 'copy',
    title: 'Copy esd:/Packages',
    args: [],
    async run(job) {
      job.scope.defer(
        'detach esd',
        async () => {
          await sleep(slow);
          writeFileSync(undone, 'undone');
        },
        { command: 'hdiutil detach /dev/disk9' },
      );
      for (let done = 0; done < 300; done++) {
        job.report({ done: done * 1e7, total: 3e9 });
        await sleep(100, undefined, { signal: job.signal });
      }
    },
  },
  { verb: 'convert', title: 'Write the ISO', args: [], run: async () => {} },
];
const build = async (_, context) => {
  const scope = new Scope();
  context.holds(() => scope.pending());
  const result = await run(recipe, {
    tool: {},
    names: new Names(),
    scope,
    signal: context.signal,
    emit: context.emit,
  });
  if (result.error) throw result.error;
};
process.exit(await main(argv, { standIns: { build } }));
