import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OWN_NAME } from '../core/own-folder.js';
import { ask } from '../host/ask.js';
import type { KnownRecord } from './records.js';

/** A program of a dead run that is still there. */
export interface Orphan {
  readonly pid: number;
  /** "qemu-system-x86_64" */
  readonly name: string;
}

/** The programs that a run starts and that may outlive it. */
const OWN_PROGRAM = /^(hdiutil|diskimages-helper|cp|qemu-[\w-]+)$/;
/** QEMU under any name is known by the socket it was given. */
const OWN_SOCKET = /(?:^|[ =:])\/\S*\/osx-iso-[0-9a-f]{12}\/(?:qmp|nbd)\b/;
/** Milliseconds: a tool has to end by then; QEMU has a guest's disks to write out before. */
const GRACE = 3000;
const QEMU_GRACE = 10_000;
const POLL = 100;

/** Those that have one of the run's own folders among their arguments: the names of these are random and used once. */
export async function orphansOf(records: readonly KnownRecord[]): Promise<Orphan[]> {
  const names = records.flatMap((record) =>
    'path' in record && OWN_NAME.test(basename(record.path)) ? [basename(record.path)] : [],
  );
  if (names.length === 0) return [];
  const list = (await ask`ps -axww -o pid= -o command=`) ?? '';
  return list.split('\n').flatMap((line) => {
    const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    if (command === undefined || Number(pid) === process.pid) return [];
    if (!names.some((name) => command.includes(name))) return [];
    const words = command.split(' ').map((word) => basename(word));
    const program = words.find((word) => OWN_PROGRAM.test(word)) ?? (OWN_SOCKET.test(command) ? 'QEMU' : undefined);
    return program === undefined ? [] : [{ pid: Number(pid), name: program }];
  });
}

/** Ends one as Ctrl-C does, and by force where it does not go. The signal ends the waiting. */
export async function endOrphan({ pid, name }: Orphan, signal?: AbortSignal): Promise<void> {
  const patience = /qemu/i.test(name) ? QEMU_GRACE : GRACE;
  for (const how of ['SIGINT', 'SIGKILL'] as const) {
    if (!send(pid, how)) return;
    for (let waited = 0; waited < patience; waited += POLL) {
      await sleep(POLL, undefined, { signal });
      if (!send(pid, 0)) return;
    }
  }
}

/** False when it is gone. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
