import { explain } from '../core/explain.js';
import { Interrupted } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { heeding } from '../formats/heeding.js';
import { type GuardedDisk, guardDisk } from '../vm-disk/index.js';
import type { EditContext } from './edit-image.js';
import { openQemuImage } from './qemu-nbd.js';
import { type DiskTarget, openRawTarget } from './target.js';

/**
 * Looks at the sectors of a guest's disk without writing, whatever its format. What was opened is given back before this returns.
 * SourceError for what is no guest's disk; of QEMU's own formats StepError for one in use, HostError without qemu-nbd.
 */
export async function readImage<T>(
  { image, backingOk = [] }: { readonly image: string; readonly backingOk?: readonly string[] },
  context: EditContext,
  look: (disk: ByteSource) => Promise<T>,
): Promise<T> {
  let outcome: { value: T } | { failure: unknown };
  try {
    const { source } = await openForReading(image, await guardDisk(image, { backingOk }), context);
    outcome = { value: await look(heeding(source, context.signal)) };
  } catch (error) {
    outcome = { failure: context.signal.aborted ? new Interrupted() : explain(error, `Look at ${image}`) };
  }
  const left = await context.scope.unwind('value' in outcome ? 'done' : 'failed');
  for (const { title, command, reason } of left) context.remark?.(`Left behind: ${title} (${reason}). ${command}`);
  if ('failure' in outcome) throw outcome.failure;
  return outcome.value;
}

/** Somebody who uses a raw disk meanwhile takes no harm; of QEMU's own formats QEMU decides. */
async function openForReading(image: string, guarded: GuardedDisk, context: EditContext): Promise<DiskTarget> {
  const { signal, scope } = context;
  if (guarded.format !== 'raw') return openQemuImage(image, { guarded, readOnly: true, signal, scope });
  const target = await openRawTarget(image, { readOnly: true });
  scope.defer(`close ${image}`, () => target.close());
  return target;
}
