import type { Step } from '../core/step.js';
import { SourceError } from '../errors.js';
import { checkKernel } from '../verify/kernel.js';
import { onVolume, pathOf } from './places.js';

/**
 * Makes sure that the boot loader will find a kernel: an empty Kernels folder is the classic silent failure of this recipe
 * ("Can't find boot file" at the first boot).
 */
export function expectKernel(place: string): Step {
  return {
    verb: 'expect-kernel',
    title: `Look at the kernel ${place}`,
    says: `Make sure that a kernel is at ${pathOf(place)}, where the boot loader looks for it.`,
    args: [place],
    async run(job) {
      const { volume, path } = onVolume(job, place);
      const kernel = await checkKernel(await volume.file(path));
      if (!kernel.ok) {
        throw new SourceError(`${place}: expected a kernel, found ${kernel.found}.`, {
          hint: 'Give the kernel of this very release with --kernel FILE, or get the installer again.',
        });
      }
      job.note(kernel.found);
      job.record('kernel', { path: place.slice(place.indexOf(':') + 1), format: kernel.found, size: kernel.size });
    },
  };
}
