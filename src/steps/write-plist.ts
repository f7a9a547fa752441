import type { Job, Step } from '../core/step.js';
import { StepError } from '../errors.js';
import { fromBytes } from '../formats/bytes.js';
import { type Entry, type Path, showPath } from '../formats/entry.js';
import { rootEntry } from '../formats/root-entry.js';
import { readWhole } from '../formats/whole.js';
import type { Tree, Volume } from '../image/types.js';
import { BOOT_PLIST_NAME, buildBootPlist, mergeSettings, type Settings } from '../plist/chameleon/boot-plist.js';
import { BOOT_PLIST_FILE } from '../plist/chameleon/intended.js';
import { settingsOf } from '../plist/chameleon/settings.js';
import { fileAt, lastOf, onVolume, pathOf } from './places.js';

/**
 * Writes Chameleon's plist: a template's settings, and what the user wants otherwise. The place's folder is made where it is
 * missing. Somlo has it written by hand, as /Extra/org.chameleon.Boot.plist.
 */
export function writePlist(template: string, to: string): Step {
  return {
    verb: 'write-plist',
    title: `Write ${to}`,
    says: `Write ${lastOf(to)}, what the boot loader goes by: a template of osx-iso's, or what --plist and --set say.`,
    args: [template, to],
    async run(job) {
      const { bootPlist = {} } = job.options;
      if (bootPlist === 'none') {
        job.note('none wanted');
        return;
      }
      const { base = await settingsAt(job, template), set = {}, unset = [], allowUnknown = false } = bootPlist;
      const settings = mergeSettings(base, set, unset);
      const bytes = Buffer.from(buildBootPlist(settings, { allowUnknown }), 'latin1');
      const { volume, path } = onVolume(job, to);
      await makeFolders(volume, path.slice(0, -1));
      await volume.put(rootEntry(path, 'file', undefined, fromBytes(bytes, showPath(path))));
      job.note(
        Object.entries(settings)
          .map(([key, value]) => `${key} = ${value}`)
          .join(', '),
      );
      job.record('bootPlist', settings);
    },
  };
}

async function settingsAt(job: Job, place: string): Promise<Settings> {
  const file = await fileAt(job, place);
  return settingsOf(await readWhole(file, BOOT_PLIST_FILE), file.name);
}

/**
 * Copies what the user has for the loader (kexts, smbios.plist, themes: --extra DIR) to a folder such as /Extra, as root's, where a
 * tree called `from` is given. The plist itself is another step's.
 */
export function copyExtra(from: string, to: string): Step {
  const name = from.replace(/:$/, '');
  return {
    verb: 'copy',
    title: `Copy what is given for ${to}`,
    says: `Copy what --extra gives for the boot loader to ${pathOf(to)}: kexts, smbios.plist, themes.`,
    args: [from, to],
    async run(job) {
      if (!job.names.has(name)) {
        job.note('none given');
        return;
      }
      const { volume, path } = onVolume(job, to);
      await makeFolders(volume, path);
      const count = await copyAsRoot(job, job.names.tree(name), volume, path);
      job.note(`${count.toLocaleString('en-US')} files and folders`);
    },
  };
}

async function copyAsRoot(job: Job, tree: Tree, volume: Volume, to: Path): Promise<number> {
  let count = 0;
  for await (const entry of tree.walk()) {
    job.signal.throwIfAborted();
    if (entry.path.length === 0) continue;
    const [first = ''] = entry.path;
    if (entry.path.length === 1 && /^(org\.chameleon|com\.apple)\.boot\.plist$/i.test(first)) {
      throw new StepError(`${tree.name}: ${first} would take the place of the plist that is written.`, {
        hint: `Give it with --plist FILE; it becomes /Extra/${BOOT_PLIST_NAME}.`,
      });
    }
    count++;
    await volume.put(ofRoot({ ...entry, path: [...to, ...entry.path] }));
  }
  return count;
}

/** Kexts that anybody else could change are not loaded. */
function ofRoot(entry: Entry): Entry {
  const { link: _link, ...rest } = entry;
  return { ...rest, bsd: { ...entry.bsd, uid: 0, gid: 0, mode: entry.bsd.mode & ~0o7022 } };
}

async function makeFolders(volume: Volume, path: Path): Promise<void> {
  for (let i = 1; i <= path.length; i++) {
    const folder = path.slice(0, i);
    if (!(await volume.entry(folder))) await volume.put(rootEntry(folder, 'folder'));
  }
}
