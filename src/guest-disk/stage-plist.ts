import { backupName } from '../core/replace-file.js';
import { SourceError, StepError } from '../errors.js';
import { fromBytes } from '../formats/bytes.js';
import { type Entry, type Path, showPath } from '../formats/entry.js';
import { UF_COMPRESSED } from '../formats/hfsplus/catalog-record.js';
import { DECMPFS_XATTR } from '../formats/hfsplus/decmpfs.js';
import type { StagedVolume } from '../formats/hfsplus/write/index.js';
import { rootEntry } from '../formats/root-entry.js';
import { readWhole } from '../formats/whole.js';
import { BOOT_PLIST_FOLDER, BOOT_PLIST_NAME } from '../plist/chameleon/boot-plist.js';
import { BOOT_PLIST_FILE } from '../plist/chameleon/intended.js';
import { composePlist, type PlistRequest } from './compose.js';
import type { GuestChange } from './edit-image.js';

/** Backups of one plist. */
const MAX_BACKUPS = 99;

/** Puts the plist into /Extra; one that is there already stays beside it as .bak. Nothing when it says the same already. */
export async function stagePlist(volume: StagedVolume, request: PlistRequest): Promise<GuestChange[]> {
  const folder: Path = [BOOT_PLIST_FOLDER];
  const path: Path = [...folder, BOOT_PLIST_NAME];
  const changes: GuestChange[] = [];
  const extra = await volume.entry(folder);
  if (extra && extra.kind !== 'folder') throw new StepError(`${volume.name}: /Extra is no folder but a ${extra.kind}.`);
  const old = await volume.entry(path);
  if (old && old.kind !== 'file') throw new StepError(`${volume.name}: ${showPath(path)} is a ${old.kind}.`);
  const before = old && (await contentOf(volume, path));
  const text = composePlist(request, before && { bytes: before, name: `${volume.name}: ${showPath(path)}` });
  const bytes = Buffer.from(text, 'latin1');
  const sameName = (await storedName(volume, folder, BOOT_PLIST_NAME)) === BOOT_PLIST_NAME;
  if (before && sameName && bytes.equals(before)) return [];
  if (!extra) {
    await volume.put(rootEntry(folder, 'folder'));
    changes.push({ what: 'add', path: folder });
  }
  if (old && before) {
    const backup = await freeName(volume, path);
    await volume.put({ ...uncompressed(old), path: backup, data: fromBytes(before, showPath(backup)) });
    changes.push({ what: 'keep', path: backup, bytes: before, note: 'what was there' });
    // Another case of the name would stay with the file on a volume that does not tell them apart.
    if (!sameName) await volume.remove(path);
  }
  await volume.put(rootEntry(path, 'file', undefined, fromBytes(bytes, showPath(path))));
  changes.push({ what: old ? 'replace' : 'add', path, bytes });
  return changes;
}

/** What of an entry goes with a plain copy of its content. */
function uncompressed(entry: Entry): Entry {
  const { link: _link, resource, ...kept } = entry;
  const compressed = (entry.bsd.ownerFlags & UF_COMPRESSED) !== 0;
  return {
    ...kept,
    bsd: { ...entry.bsd, ownerFlags: entry.bsd.ownerFlags & ~UF_COMPRESSED },
    xattrs: entry.xattrs.filter(({ name }) => name !== DECMPFS_XATTR),
    ...(resource && !compressed && { resource }),
  };
}

async function contentOf(volume: StagedVolume, path: Path): Promise<Uint8Array> {
  const file = await volume.file(path);
  if (!file) throw new SourceError(`${volume.name}: ${showPath(path)} cannot be read.`);
  return Uint8Array.from(await readWhole(file, BOOT_PLIST_FILE));
}

/** The name as the volume has it, where upper and lower case are the same to it. */
async function storedName(volume: StagedVolume, folder: Path, name: string): Promise<string | undefined> {
  const item = await volume.item([...folder, name]);
  return item?.name;
}

async function freeName(volume: StagedVolume, path: Path): Promise<Path> {
  for (let i = 1; i <= MAX_BACKUPS; i++) {
    const backup = [...path.slice(0, -1), backupName(path.at(-1)!, i)];
    if (!(await volume.entry(backup))) return backup;
  }
  throw new StepError(`${volume.name}: there are ${MAX_BACKUPS} backups of ${showPath(path)}. Remove some.`);
}
