import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tool } from './needs.js';
import { hashFile, run, scratch } from './tool.js';
import { parseMode, type Seen, type SeenTree } from './tree.js';
import { findVolume, VOLUME_TOOLS } from './volume.js';

/** What sleuthKit() needs. */
export const SLEUTH_KIT_TOOLS = ['fls', 'tsk_recover', ...VOLUME_TOOLS] as const satisfies readonly Tool[];

/** Names of HFS+'s own files, as The Sleuth Kit shows them: control characters become ^. */
const SYSTEM = /^(\$\w+|\.HFS\+ Private Directory Data\^|\^\^\^\^HFS\+ Private Data)(\/|$)/;

/**
 * All of an image's HFS+ volume as The Sleuth Kit sees it: names, modes, owners, sizes from fls, and the sha256 of every
 * file from tsk_recover (icat would be a process for each). It follows hard links; it sees no extended attributes.
 */
export async function sleuthKit(image: string): Promise<SeenTree> {
  const volume = await findVolume(image);
  const where = ['-i', 'raw', '-f', 'hfs', '-o', String(volume.start / 512), image];
  const listed = await run('fls', ['-r', '-p', '-m', '/', ...where]);
  if (listed.status !== 0) throw new Error(`fls: status ${listed.status}\n${listed.stderr}`);
  const folder = join(scratch('tsk'), 'files');
  const recovered = await run('tsk_recover', ['-a', ...where, folder]);
  if (recovered.status !== 0) throw new Error(`tsk_recover: status ${recovered.status}\n${recovered.stderr}`);

  const entries = new Map<string, Seen>();
  const unread: string[] = [];
  for (const line of listed.stdout.toString('utf8').split('\n')) {
    if (line === '') continue;
    const { path, seen } = parseLine(line, folder);
    if (SYSTEM.test(path)) continue;
    entries.set(path, seen);
    if (seen.kind === 'file' && seen.sha256 === undefined) unread.push(path);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are shown as ^
  const shows = (path: string) => path.replace(/[\u0000-\u001f\u007f]/g, '^');
  return { judge: 'The Sleuth Kit', entries, unread, shows };
}

/** One line of fls's body format: MD5|name|inode|mode|uid|gid|size|four dates. Names may hold a |. */
function parseLine(line: string, folder: string): { path: string; seen: Seen } {
  const fields = line.split('|');
  const [modes, uid, gid, size] = fields.slice(-8, -4);
  const name = fields.slice(1, -9).join('|').replace(/^\/+/, '');
  if (fields.length < 11 || modes === undefined) throw new Error(`fls -m: cannot read "${line}"`);
  const { kind, mode } = parseMode(modes.slice(2));
  const owner = { kind, mode, uid: Number(uid), gid: Number(gid) };
  if (kind === 'symlink') {
    // " -> target" after the name: the target's length is known.
    const path = Buffer.from(name)
      .subarray(0, -(Number(size) + ' -> '.length))
      .toString();
    return { path, seen: { ...owner, target: readFileSync(join(folder, path), 'utf8') } };
  }
  if (kind !== 'file') return { path: name, seen: owner };
  const copy = join(folder, name);
  const file = { ...owner, size: Number(size) };
  // tsk_recover leaves empty files out, and those that it cannot read: with an attribute in a fork, or of decmpfs's type 1.
  const contents = hashFile(existsSync(copy) ? copy : '/dev/null');
  return { path: name, seen: contents.size === file.size ? { ...file, sha256: contents.sha256 } : file };
}
