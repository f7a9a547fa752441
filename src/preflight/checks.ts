import { commandLine } from '../host/quote.js';
import type { Problem } from '../image/types.js';
import type { HostFacts } from './host-facts.js';

/** The oldest macOS that Node 20 runs on; hdiutil's options are older. */
const OLDEST = [10, 15] as const;
/** Folders that macOS guards from programs without Full Disk Access, from root too. */
const GUARDED = /(?:^|\/)(Desktop|Documents|Downloads)(?:\/|$)/;

/** What needs room: bytes in a folder. */
export interface SpaceNeed {
  readonly folder: string;
  readonly bytes: number;
  /** "the ISO" */
  readonly what: string;
  /** The option that moves it: "-o FILE". */
  readonly option: string;
}

/** macOS too old: said before hdiutil says something nobody understands. */
export async function checkSystem(host: HostFacts): Promise<Problem[]> {
  if (host.platform !== 'darwin') return [];
  const version = await host.macosVersion();
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (version === undefined || major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return [];
  return [
    {
      message: `This is macOS ${version}; the hdiutil engine needs ${OLDEST.join('.')} or newer.`,
      hint: 'Use a newer Mac, or Linux, with --engine native.',
    },
  ];
}

/** Only root can give files to root: without, the installer's files would belong to whoever built it, and it would fail later. */
export function checkRoot(host: HostFacts, argv: readonly string[]): Problem[] {
  if (host.euid === 0) return [];
  const again = commandLine('sudo', ['osx-iso', ...argv]);
  return [
    {
      message: 'The hdiutil engine must run as root: only root can keep the owners of the files it copies.',
      hint: `Type: ${again}\nOr add --engine native, which needs no root.`,
    },
  ];
}

/** Folders that cannot be written to, each with the reason. */
export async function checkFolders(
  host: HostFacts,
  folders: readonly { folder: string; option: string }[],
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const { folder, option } of folders) {
    if (seen.has(folder)) continue;
    seen.add(folder);
    const code = await host.refusal(folder);
    if (code !== undefined) problems.push(refused(host, folder, code, option));
  }
  return problems;
}

function refused(host: HostFacts, folder: string, code: string, option: string): Problem {
  const external = folder.startsWith('/Volumes/');
  if (host.platform === 'darwin' && code === 'EPERM' && (GUARDED.test(folder) || external)) {
    return {
      message: `${folder} is guarded by macOS: the terminal has no permission to use it, not even as root.`,
      hint: `Allow it: System Settings, Privacy & Security, Full Disk Access, switch on your terminal, and open a new window.\nOr choose another folder with ${option}.`,
    };
  }
  return { message: `${folder} cannot be written to.`, hint: `Give another place with ${option}.` };
}

/** Too little room. What lies on one volume is added up. */
export async function checkRoom(host: HostFacts, needs: readonly SpaceNeed[]): Promise<Problem[]> {
  const volumes = new Map<number, SpaceNeed[]>();
  for (const need of needs) {
    const volume = await host.volumeOf(need.folder).catch(() => undefined);
    if (volume === undefined) continue;
    volumes.set(volume, [...(volumes.get(volume) ?? []), need]);
  }
  const problems: Problem[] = [];
  for (const list of volumes.values()) {
    const [first] = list;
    const free = await host.freeSpace(first!.folder).catch(() => Number.POSITIVE_INFINITY);
    const needed = list.reduce((sum, { bytes }) => sum + bytes, 0);
    if (free >= needed) continue;
    const what = list.map((need) => need.what).join(' and ');
    problems.push({
      message: `${first!.folder}: expected ${gigabytes(needed)} free for ${what}, found ${gigabytes(free)}.`,
      hint: `Make room, or give another place with ${[...new Set(list.map((need) => need.option))].join(' or ')}.`,
    });
  }
  return problems;
}

/** "6.55 GB" */
function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
