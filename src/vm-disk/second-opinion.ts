import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Interrupted, SourceError, StepError } from '../errors.js';
import { act } from '../host/act.js';
import { type GuardedDisk, identify, same } from './guard.js';

/** What qemu-img says of one image, as far as it is used. */
interface Info {
  readonly filename?: unknown;
  readonly 'virtual-size'?: unknown;
  readonly 'backing-filename'?: unknown;
  readonly 'full-backing-filename'?: unknown;
  readonly 'format-specific'?: {
    readonly data?: {
      readonly 'data-file'?: unknown;
      readonly extents?: readonly { readonly filename?: unknown }[];
    };
  };
}

/** Milliseconds that qemu-img may take to read some headers, and to end when it is told to. */
const PATIENCE = 15_000;
const HURRY = 1000;

/**
 * Asks qemu-img about a disk that `guardDisk` has let pass, with everything it stands on. Returns the bytes the guest sees. SourceError
 * where QEMU would open a file that we did not see, ActError where it cannot read the image, HostError where there is no qemu-img.
 */
export async function secondOpinion(
  disk: GuardedDisk,
  {
    label,
    signal,
    missingHint,
  }: { readonly label: string; readonly signal: AbortSignal; readonly missingHint: string },
): Promise<number> {
  const late = AbortSignal.timeout(PATIENCE);
  const chain = disk.format === 'raw' ? [] : ['--backing-chain'];
  const { stdout } = await act('qemu-img', ['info', '--output=json', ...chain, '-f', disk.format, disk.path], {
    signal: AbortSignal.any([signal, late]),
    grace: HURRY,
    missingHint,
    env: { LC_ALL: 'C' },
  }).catch((error: unknown) => {
    if (!(error instanceof Interrupted) || signal.aborted) throw error;
    throw new StepError(`${label}: qemu-img did not say what it is within ${PATIENCE / 1000} seconds.`);
  });
  const infos = read(stdout, label);
  for (const name of infos.flatMap(namesIn)) {
    const path = resolve(name);
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    if (found && disk.files.some((file) => same(file, identify(path, found)))) continue;
    throw new SourceError(`${label}: QEMU would open ${name} for it, which it may not.`, {
      hint: 'The image says so in a way that osx-iso does not read. Please report this.',
    });
  }
  const size = infos[0]?.['virtual-size'];
  if (!Number.isSafeInteger(size)) throw new StepError(`${label}: qemu-img does not say how large the disk is.`);
  return size as number;
}

/** One object, or with a chain a list of them. */
function read(text: string, label: string): readonly Info[] {
  try {
    const value: unknown = JSON.parse(text);
    return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'object' && item !== null);
  } catch (error) {
    throw new StepError(`${label}: qemu-img answers something that is no JSON.`, { cause: error });
  }
}

function namesIn(info: Info): string[] {
  const data = info['format-specific']?.data;
  const extents = Array.isArray(data?.extents) ? data.extents : [];
  return [
    info.filename,
    info['full-backing-filename'] ?? info['backing-filename'],
    data?.['data-file'],
    ...extents.map(({ filename }) => filename),
  ].filter((name) => typeof name === 'string');
}
