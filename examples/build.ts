/**
 * Builds an ISO and says what happens on the way:
 *
 *     node examples/build.ts "Install OS X Yosemite.app" yosemite.iso
 *
 * Ctrl-C stops it. Nothing unfinished is left then, nor anything attached.
 */
import { build, UserError } from 'osx-iso';

const [app, output] = process.argv.slice(2);
if (app === undefined || output === undefined) throw new Error('usage: build.ts INSTALLER ISO');

const controller = new AbortController();
process.on('SIGINT', () => controller.abort());

const run = build({ app, output, signal: controller.signal });
try {
  for await (const event of run) {
    if (event.type === 'step:start') console.log(event.step.title);
  }
  const { iso, manifest } = await run.result;
  console.log(`${iso}: ${manifest.source.release}, sha256 ${manifest.iso.sha256}`);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message, error.hint ?? '');
  process.exitCode = error.exitCode;
}
