import type { Tool } from './needs.js';
import { run } from './tool.js';

/** What partedPrint() needs. */
export const PARTED_TOOLS = ['parted'] as const satisfies readonly Tool[];
/** What sgdiskVerify() needs. */
export const SGDISK_TOOLS = ['sgdisk'] as const satisfies readonly Tool[];

export interface PartedPartition {
  readonly number: number;
  /** Bytes. */
  readonly start: number;
  readonly size: number;
  readonly fileSystem: string;
  readonly name: string;
  readonly flags: string;
}

export interface PartedDisk {
  /** "gpt", "mac" (an Apple partition map), "loop" (a bare volume). */
  readonly map: string;
  /** Bytes. */
  readonly size: number;
  readonly logicalSector: number;
  readonly partitions: readonly PartedPartition[];
  /** Warnings and errors, for instance about a backup map in the wrong place. Must be empty. */
  readonly complaints: string;
}

/** The partition map of a raw image as GNU parted reads it. */
export async function partedPrint(image: string): Promise<PartedDisk> {
  const { status, stdout, stderr } = await run('parted', ['-ms', '--', image, 'unit', 'B', 'print']);
  const lines = stdout.toString('utf8').split('\n');
  // parted writes its warnings before "BYT;".
  const begin = lines.indexOf('BYT;');
  if (status !== 0 || begin < 0) throw new Error(`parted print: status ${status}\n${stdout}${stderr}`);
  const rows = lines.slice(begin + 1).filter((line) => line.endsWith(';'));
  const fields = rows.map((row) => row.slice(0, -1).split(':'));
  // The disk's line begins with its path, which may hold a colon itself: count from the end.
  const disk = fields[0]!.slice(-7);
  return {
    size: parseBytes(disk[0]),
    logicalSector: Number(disk[2]),
    map: disk[4]!,
    partitions: fields.slice(1).map(([number, start, , size, fileSystem, name, flags]) => ({
      number: Number(number),
      start: parseBytes(start),
      size: parseBytes(size),
      fileSystem: fileSystem ?? '',
      name: name ?? '',
      flags: flags ?? '',
    })),
    complaints: (lines.slice(0, begin).join('\n') + stderr).trim(),
  };
}

function parseBytes(text: string | undefined): number {
  const match = /^(\d+)B$/.exec(text ?? '');
  if (match === null) throw new Error(`parted: not a number of bytes: "${text}"`);
  return Number(match[1]);
}

/** sgdisk's verdict on a GPT: true when it finds no problem in the header, the entries, the backup and the protective MBR. */
export async function sgdiskVerify(image: string): Promise<{ ok: boolean; output: string }> {
  const { status, stdout, stderr } = await run('sgdisk', ['-v', image]);
  const output = stdout.toString('utf8') + stderr;
  // "No problems found" is also what it says of maps that it has just mended in memory, and of its own in place of none.
  const ok =
    status === 0 && /^No problems found\./m.test(output) && !/Creating new GPT|Caution|Warning|Problem:/i.test(output);
  return { ok, output };
}
