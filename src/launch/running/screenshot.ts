import { resolve } from 'node:path';
import { makeNew } from '../../core/new-file.js';
import { Scope } from '../../core/scope.js';
import { HostError, UsageError } from '../../errors.js';
import { hostCode, hostError } from '../../host/faults.js';
import { withControl } from '../control.js';
import type { RunState } from '../run-state.js';

/** QEMU writes PNG since 7.1; before, only PPM. */
const PNG_SINCE = 701;

interface Version {
  readonly qemu: { readonly major: number; readonly minor: number };
}

/** Makes a PNG of a running guest's screen, whole or not at all, never in another file's place. Gives its absolute path. */
export async function takeScreenshot(
  run: RunState,
  file: string,
  { signal, scope = new Scope() }: { readonly signal?: AbortSignal; readonly scope?: Scope } = {},
): Promise<string> {
  const path = resolve(file);
  await withControl(
    run,
    async (qmp) => {
      const { qemu } = await qmp.command<Version>('query-version');
      if (100 * qemu.major + qemu.minor < PNG_SINCE) {
        throw new HostError(`QEMU ${qemu.major}.${qemu.minor} makes no PNG files; 7.1 and later do.`, {
          hint: 'The screen itself: osx-iso boot --web, or --vnc N.',
        });
      }
      await makeNew(path, scope, (filename) => qmp.command('screendump', { filename, format: 'png' })).catch(
        (error: unknown) => {
          if (hostCode(error) !== 'EEXIST') throw hostError(error, file, HostError);
          throw new UsageError(`${file} is there already.`, 'Give another name by -o.');
        },
      );
    },
    signal,
  );
  return path;
}
