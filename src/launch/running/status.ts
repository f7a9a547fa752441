import { withControl } from '../control.js';
import type { RunState } from '../run-state.js';
import { runningState } from './expect.js';

/** A guest as it is right now. */
export interface GuestStatus {
  readonly running: boolean;
  /** QEMU's word: "running", "paused"; 'starting' before QEMU listens; 'unknown' where it does not answer. */
  readonly status?: string;
  /** Seconds since it was started. */
  readonly uptime?: number;
  readonly run?: RunState;
}

/** Looks at the guest of a folder. SourceError where its run.json is damaged. */
export async function guestStatus(folder: string, signal?: AbortSignal): Promise<GuestStatus> {
  const run = await runningState(folder);
  if (!run) return { running: false };
  const uptime = Math.max(0, Math.round((Date.now() - Date.parse(run.startedAt)) / 1000));
  return { running: true, status: await statusOf(run, signal), uptime, run };
}

async function statusOf(run: RunState, signal?: AbortSignal): Promise<string> {
  if (run.qmp === undefined) return 'starting';
  try {
    return (await withControl(run, (qmp) => qmp.command<{ status: string }>('query-status'), signal)).status;
  } catch {
    signal?.throwIfAborted();
    return 'unknown';
  }
}

/** For people. */
export function statusLines(name: string, { run, status, uptime = 0 }: GuestStatus): string[] {
  if (!run) return [`${name} does not run.`];
  const { pid, ports, accelerator, vnc, web, qmp } = run;
  const screen = web ? web.url : vnc && ('socket' in vnc ? vnc.socket : `vnc://127.0.0.1:${vnc.port}`);
  const by = accelerator === undefined ? '' : ` by ${accelerator.toUpperCase()}`;
  return [
    `${name}: ${status}${by}, for ${duration(uptime)}, process ${pid}`,
    ...(ports.ssh === undefined ? [] : [`  ssh       127.0.0.1:${ports.ssh}`]),
    ...ports.forwards.map(({ host, guest }) => `  forward   127.0.0.1:${host} to the guest's ${guest}`),
    ...(screen === undefined ? [] : [`  screen    ${screen}`]),
    ...(qmp === undefined ? [] : [`  QMP       ${qmp}`]),
  ];
}

function duration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
