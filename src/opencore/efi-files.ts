import { type EfiFolder, INFO_PLIST } from '../plist/opencore/index.js';

/** A file of a folder EFI, wherever that is: on this host, in a zip, on a FAT volume. */
export interface EfiFile {
  /** "OC/Drivers/OpenRuntime.efi" */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  read(): Promise<Uint8Array>;
}

/** Bytes of a kext's property list; a real one has some thousand. */
export const MOST_INFO = 1 << 20;
/** Bytes of all of them: a zip of some MB can hold gigabytes of blanks. */
export const MOST_INFOS = 32 << 20;

/** A folder EFI as a config.plist is judged by it. */
export async function efiFolderOf(files: Iterable<EfiFile>): Promise<EfiFolder> {
  const paths: string[] = [];
  const infos = new Map<string, Uint8Array>();
  let taken = 0;
  for (const { path, size, read } of files) {
    paths.push(path);
    if (!/^OC\/Kexts\//i.test(path) || !path.endsWith(`.kext/${INFO_PLIST}`) || size > MOST_INFO) continue;
    taken += size;
    if (taken <= MOST_INFOS) infos.set(path, await read());
  }
  return { files: paths, infos };
}
