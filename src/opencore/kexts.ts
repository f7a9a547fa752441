import { basename } from 'node:path';
import { SourceError, UsageError } from '../errors.js';
import { isLitter, type Member } from './bundle.js';
import { openBundle } from './open.js';

/** A kext of the user's, with all its files. */
export interface Kext {
  /** "Lilu.kext" */
  readonly name: string;
  /** By their paths in it: "Contents/Info.plist". */
  readonly files: ReadonlyMap<string, Member>;
}

/** What one path of --kext stands for, and how to let go of it. */
export interface GivenKexts {
  readonly kexts: readonly Kext[];
  close(): Promise<void>;
}

const INFO = 'Contents/Info.plist';

/**
 * The kexts at a path: a folder that is one (Lilu.kext), or a folder or zip in which some lie. Plug-ins inside a kext belong to it.
 * SourceError where there is none, or one without its Info.plist.
 */
export async function openKexts(
  path: string,
  options: { readonly option: string; readonly signal: AbortSignal },
): Promise<GivenKexts> {
  const bundle = await openBundle(path, options);
  try {
    const own = basename(path.replace(/\/+$/, ''));
    const isOne = /\.kext$/i.test(own);
    const found = new Map<string, { name: string; files: Map<string, Member> }>();
    for (const member of bundle.members) {
      if (isLitter(member.path)) continue;
      const where = isOne ? `${own}/${member.path}` : member.path;
      const match = /^(?:.*?\/)?([^/]+\.kext)\//i.exec(where);
      if (!match || /\.dSYM\//.test(match[0])) continue;
      const root = match[0];
      const kext = found.get(root) ?? { name: match[1]!, files: new Map<string, Member>() };
      kext.files.set(where.slice(root.length), member);
      found.set(root, kext);
    }
    const kexts = [...found.values()];
    if (kexts.length === 0) {
      throw new SourceError(`${options.option} ${path}: expected a kext, found none.`, {
        hint: 'Give the folder NAME.kext, or a folder or zip that holds it.',
      });
    }
    for (const { name, files } of kexts) {
      if (files.has(INFO)) continue;
      throw new SourceError(`${options.option} ${path}: expected ${INFO} in ${name}, found none.`, {
        hint: 'It says what the kext is: unpack it again.',
      });
    }
    expectOnce(kexts, `${options.option} ${path}`);
    return { kexts, close: () => bundle.close() };
  } catch (error) {
    await bundle.close();
    throw error;
  }
}

/** The kexts at several paths. UsageError for two of one name. */
export async function openAllKexts(
  paths: readonly string[],
  options: { readonly option: string; readonly signal: AbortSignal },
): Promise<GivenKexts> {
  const opened: GivenKexts[] = [];
  const close = async () => {
    for (const one of opened) await one.close();
  };
  try {
    for (const path of paths) opened.push(await openKexts(path, options));
    const kexts = opened.flatMap((one) => one.kexts);
    expectOnce(kexts, options.option);
    return { kexts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** UsageError for two kexts of one name. */
function expectOnce(kexts: readonly Kext[], where: string): void {
  const seen = new Set<string>();
  for (const { name } of kexts) {
    if (seen.has(name.toLowerCase())) throw new UsageError(`${where}: ${name} is there twice.`, 'Give one of them.');
    seen.add(name.toLowerCase());
  }
}
