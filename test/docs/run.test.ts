import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LONG } from '../helpers/long.js';
import { testFolder } from '../helpers/small-installer.js';
import { pages } from './pages.js';
import { type Prepared, prepare } from './prepare.js';

/** Milliseconds: a block that takes longer hangs. */
const PATIENCE = 240_000;

describe.runIf(LONG).each(pages().filter(({ blocks }) => blocks.some(({ notRun }) => notRun === undefined)))(
  '$path',
  ({ path, blocks }) => {
    it('shows commands that do what they say, one after another', async () => {
      const folder = join(testFolder(), basename(path, '.md'));
      mkdirSync(folder);
      const prepared = await prepare(folder);
      try {
        for (const { commands, line, notRun } of blocks) {
          if (notRun !== undefined) continue;
          const { code, output } = await shell(commands, prepared);
          expect(`${path}:${line}: exit ${code}\n${code === 0 ? '' : output}`).toBe(`${path}:${line}: exit 0\n`);
        }
      } finally {
        await prepared.close();
      }
    });
  },
);

/** Runs a block as a user would paste it; ends at the first command that fails. */
function shell(commands: string, { folder, env }: Prepared): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', commands], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += String(part)));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}
