import { explain } from '../core/explain.js';
import { Interrupted } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { heeding } from '../formats/heeding.js';
import { guardDisk } from '../vm-disk/index.js';
import type { EditContext } from './edit-image.js';
import { openTarget } from './edit-image.js';

/**
 * Looks at the sectors of a guest's disk without writing, whatever its format. What was opened is given back before this returns.
 * SourceError for what is no guest's disk, StepError for one in use, HostError without qemu-nbd for QEMU's own formats.
 */
export async function readImage<T>(
  { image, backingOk = [] }: { readonly image: string; readonly backingOk?: readonly string[] },
  context: EditContext,
  look: (disk: ByteSource) => Promise<T>,
): Promise<T> {
  let outcome: { value: T } | { failure: unknown };
  try {
    const { source } = await openTarget(image, await guardDisk(image, { backingOk }), true, context);
    outcome = { value: await look(heeding(source, context.signal)) };
  } catch (error) {
    outcome = { failure: context.signal.aborted ? new Interrupted() : explain(error, `Look at ${image}`) };
  }
  const left = await context.scope.unwind('value' in outcome ? 'done' : 'failed');
  for (const { title, command, reason } of left) context.remark?.(`Left behind: ${title} (${reason}). ${command}`);
  if ('failure' in outcome) throw outcome.failure;
  return outcome.value;
}
