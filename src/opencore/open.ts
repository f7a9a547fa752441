import { stat } from 'node:fs/promises';
import { SourceError } from '../errors.js';
import { readEfiProgram } from '../formats/pe.js';
import { hostError } from '../host/faults.js';
import { openHostFile } from '../host/host-file.js';
import { type Bundle, isLitter, type Member, openFolder } from './bundle.js';
import { hasDebugSection, type OpenCoreVersion, openCoreVersion } from './version.js';
import { openZip, ZIP_MAGIC } from './zip.js';

/** OpenCore as somebody gave it, looked at: which it is, and that its files belong together. */
export interface OpenCore extends OpenCoreVersion {
  /** As it was given. */
  readonly name: string;
  /** Files of its folder EFI by their paths in it; case does not count. */
  file(path: string): Member | undefined;
  /** All of them, by what they are called there. */
  readonly files: ReadonlyMap<string, Member>;
  /** Its config.plist, where it was configured already. */
  readonly config?: Uint8Array;
  close(): Promise<void>;
}

/** Paths in the folder EFI. */
export const BOOT_FILE = 'BOOT/BOOTx64.efi';
export const MAIN_FILE = 'OC/OpenCore.efi';
export const CONFIG_FILE = 'OC/config.plist';
export const DRIVERS = 'OC/Drivers';
export const KEXTS = 'OC/Kexts';

/** Files that are OpenCore's own: they are of one release and were built alike. */
const OWN = [
  MAIN_FILE,
  BOOT_FILE,
  ...['OpenRuntime', 'OpenHfsPlus', 'OpenPartitionDxe', 'OpenCanopy'].map((n) => `${DRIVERS}/${n}.efi`),
];

const HINT = 'Give OpenCore-X.Y.Z-RELEASE.zip as it was downloaded, the folder it was unpacked to, or a folder EFI.';

/**
 * Opens OpenCore's release (zip or folder), or a folder EFI that is configured. SourceError where there is no OpenCore for 64-bit
 * machines in it, more than one, or files of a RELEASE and a DEBUG build together. `option` stands before the path in messages.
 */
export async function openOpenCore(
  path: string,
  options: { readonly option: string; readonly signal: AbortSignal },
): Promise<OpenCore> {
  const bundle = await openBundle(path, options);
  try {
    return await lookedAt(bundle);
  } catch (error) {
    await bundle.close();
    throw error;
  }
}

/** A zip or a folder, whatever is in it. */
export async function openBundle(
  path: string,
  { option, signal }: { readonly option: string; readonly signal: AbortSignal },
): Promise<Bundle> {
  const found = await stat(path).catch((error: unknown) => {
    throw hostError(error, `${option} ${path}`, SourceError, { hint: HINT, doing: 'read' });
  });
  if (found.isDirectory()) return openFolder(path, { signal });
  const file = await openHostFile(path, { label: `${option} `, signal });
  const head = file.size >= 4 ? Buffer.from(await file.read(0, 4)).readUInt32BE() : 0;
  if (head === ZIP_MAGIC) return openZip(file, () => file.close());
  await file.close();
  throw new SourceError(`${option} ${path}: expected a zip or a folder, found neither.`, { hint: HINT });
}

async function lookedAt(bundle: Bundle): Promise<OpenCore> {
  const root = rootOf(bundle);
  const files = new Map<string, Member>();
  const byFolded = new Map<string, Member>();
  for (const member of bundle.members) {
    if (!member.path.startsWith(root) || isLitter(member.path)) continue;
    const inside = member.path.slice(root.length);
    files.set(inside, member);
    byFolded.set(inside.toLowerCase(), member);
  }
  const file = (path: string) => byFolded.get(path.toLowerCase());
  if (!file(BOOT_FILE)) {
    throw new SourceError(`${bundle.name}: expected ${root}${BOOT_FILE}, which firmware starts, found none.`, {
      hint: HINT,
    });
  }
  const version = await expectOneBuild(bundle, root, file);
  const config = await file(CONFIG_FILE)?.read();
  return { name: bundle.name, ...version, file, files, ...(config && { config }), close: () => bundle.close() };
}

/** The path of the folder EFI in the bundle, with a slash at its end; '' where the bundle is that folder. */
function rootOf({ name, members }: Bundle): string {
  const main = MAIN_FILE.toLowerCase();
  const roots = members
    .map(({ path }) => path)
    .filter((path) => !isLitter(path) && `/${path.toLowerCase()}`.endsWith(`/${main}`))
    .map((path) => path.slice(0, path.length - main.length));
  const is32 = (root: string) => /(^|\/)ia32\//i.test(root);
  const wide = roots.filter((root) => !is32(root));
  const [only, ...more] = wide.filter((root) => /(^|\/)x64\//i.test(root)).concat(wide.length === 1 ? wide : []);
  const chosen = more.every((root) => root === only) ? only : undefined;
  if (chosen !== undefined) return chosen;
  if (wide.length > 0) {
    throw new SourceError(
      `${name}: expected one OpenCore, found ${wide.length}: ${wide.map((root) => root || '.').join(', ')}.`,
      {
        hint: 'Give the folder of one of them.',
      },
    );
  }
  if (roots.length > 0) {
    throw new SourceError(`${name}: expected OpenCore for 64-bit firmware (X64), found only that for 32 bits.`);
  }
  const isSource = members.some(({ path }) => /(^|\/)OpenCorePkg\.dsc$/.test(path));
  throw new SourceError(
    `${name}: expected EFI/${MAIN_FILE} in it, found ${isSource ? "OpenCore's source code" : `none among ${members.length} ${members.length === 1 ? 'file' : 'files'}`}.`,
    { hint: HINT },
  );
}

/** The version, of OpenCore.efi; SourceError where another of its files was built in the other way. */
async function expectOneBuild(bundle: Bundle, root: string, file: OpenCore['file']): Promise<OpenCoreVersion> {
  let version: OpenCoreVersion = {};
  let explains: boolean | undefined;
  for (const path of OWN) {
    const member = file(path);
    if (!member) continue;
    const name = `${bundle.name}: ${member.path}`;
    const bytes = await member.read();
    const program = readEfiProgram(bytes, name);
    if (path === MAIN_FILE) {
      version = openCoreVersion(bytes, program);
      // Where the file's own word and its form do not go together, the form says nothing of the others either.
      const debug = hasDebugSection(program);
      if (version.target === undefined || debug !== (version.target !== 'RELEASE')) return version;
      explains = debug;
    } else if (explains !== undefined && hasDebugSection(program) !== explains) {
      const [main, other] = explains ? ['DEBUG', 'RELEASE'] : ['RELEASE', 'DEBUG'];
      throw new SourceError(`${name} is of a ${other} build, ${root}${MAIN_FILE} of a ${main} build.`, {
        hint: 'Take all files of one download: OpenCore does not start with others.',
      });
    }
  }
  return version;
}
