import { basename } from 'node:path';
import type { Journal } from '../core/journal.js';
import { StepError } from '../errors.js';
import { openDisk, openVolume } from '../formats/disk.js';
import {
  type EditContext,
  editImage,
  type GuestChange,
  type ImageEdit,
  type ImageEditOptions,
} from '../guest-disk/index.js';
import { hostError } from '../host/faults.js';
import { openHostFile } from '../host/host-file.js';
import { BOOT_PLIST_NAME } from '../plist/chameleon/boot-plist.js';
import { settingsOf } from '../plist/chameleon/settings.js';
import { checkPlistOf } from '../verify/boot-plist.js';
import { type Check, Checks } from '../verify/report.js';
import { type Beside, filesBeside, type NewFacts } from './beside.js';
import { foreseenDigests } from './foreseen-digests.js';

/** What was done to a disk, and which files beside it say so now. */
export interface IsoEdit extends ImageEdit {
  readonly described?: readonly string[];
}

/**
 * Changes a disk as `editImage` does. Where it is one of our ISOs, X.iso.json and X.iso.sha256 stay true: all of the disk is read once,
 * before anything is written, for its checksum as it is, which must be the one they state, and as it is going to be. Both stand in them
 * before the disk is changed, so that a kill leaves them true. Those that state another are left, and that is said.
 */
export async function editIso(
  options: ImageEditOptions,
  context: EditContext & { readonly journal: Journal },
  stage: Parameters<typeof editImage>[2],
): Promise<IsoEdit> {
  const { image } = options;
  const { signal, remark = () => {}, journal } = context;
  const left = (path: string, why: string) => remark(`${path} is left as it is: ${why}.`);
  let fitting: readonly Beside[] = [];
  let sha256 = '';
  const edit = await editImage(
    {
      ...options,
      foresee: async (disk, writes) => {
        const all = (await filesBeside(image, left)).filter(({ path, size = disk.size }) => {
          if (size !== disk.size) left(path, `it describes an ISO of ${size} bytes, this one has ${disk.size}`);
          return size === disk.size;
        });
        if (all.length === 0) return;
        remark(`Reading all of ${image} for its checksum, which changes.`);
        const { before, after } = await foreseenDigests(disk, writes);
        sha256 = after;
        fitting = all.filter((file) => {
          const fits = isOf(before, file);
          if (!fits) left(file.path, `it states the sha256 ${file.stated}, ${basename(image)} had ${before}`);
          return fits;
        });
        // First this, then the ISO: whenever it ends, what lies beside the ISO is true of it.
        for (const { path, begin } of fitting) await begin({ before, after }, journal).catch(refused(path));
      },
    },
    context,
    stage,
  );
  if (!edit.written && !options.dryRun) {
    const unfinished = (await filesBeside(image, () => {})).filter(({ before }) => before !== undefined);
    sha256 = unfinished.length > 0 ? await digestOf(image, signal) : '';
    fitting = unfinished;
  } else if (!edit.written) return edit;
  if (fitting.length === 0) return edit;
  const facts = { sha256, ...(await plistFacts(image, edit.changes, signal)) };
  for (const { path, write } of fitting) {
    await write(facts, journal).catch(refused(path));
  }
  return { ...edit, described: fitting.map(({ path }) => path) };
}

/** Where a change of ours was stopped, the ISO may have neither of the two: what it has is what we made of it. */
function isOf(sha256: string, { stated, before }: Beside): boolean {
  return stated === sha256 || before !== undefined;
}

async function digestOf(image: string, signal: AbortSignal): Promise<string> {
  const file = await openHostFile(image, { signal });
  try {
    return (await foreseenDigests(file, [])).before;
  } finally {
    await file.close();
  }
}

function refused(path: string) {
  return (error: unknown): never => {
    throw hostError(error, path, StepError, { hint: 'The same command, typed again, makes it true.' });
  };
}

/** What a manifest says of the boot plist, where that was changed. */
async function plistFacts(
  image: string,
  changes: readonly GuestChange[],
  signal: AbortSignal,
): Promise<Pick<NewFacts, 'bootPlist'>> {
  const plist = changes.find(({ path, bytes }) => bytes && path.at(-1) === BOOT_PLIST_NAME);
  if (!plist?.bytes) return {};
  const settings = settingsOf(plist.bytes, BOOT_PLIST_NAME);
  const checks = async (version: string): Promise<readonly Check[]> => {
    const file = await openHostFile(image, { signal });
    try {
      const { volume } = await openVolume(await openDisk(file));
      const found = new Checks();
      await found.attempt('boot plist', () => checkPlistOf(volume, version, found));
      return found.all;
    } finally {
      await file.close();
    }
  };
  return { bootPlist: { settings, checks } };
}
