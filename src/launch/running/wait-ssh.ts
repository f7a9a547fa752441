import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StepError } from '../../errors.js';
import { LOOPBACK } from '../ports.js';
import { isAlive } from '../run-state.js';
import { expectRunning, expectSsh } from './expect.js';

export interface WaitOptions {
  /** Seconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** What messages call the guest. */
  readonly name: string;
}

/** Milliseconds that a server has to say who it is, and between two tries. */
const BANNER = 5000;
const RETRY = 500;
/** Bytes of a banner: RFC 4253 section 4.2 has 255 for a line, and allows lines before it. */
const MOST = 8192;

/**
 * Waits until the guest's ssh server says who it is, and gives its words: "SSH-2.0-OpenSSH_6.2". A connection alone tells nothing:
 * QEMU takes it whether or not anybody listens in the guest. StepError where it does not in time, or where the guest ends.
 */
export async function waitForSsh(folder: string, { timeout, signal, name }: WaitOptions): Promise<string> {
  const state = await expectRunning(folder, name);
  const port = expectSsh(state, name);
  const until = Date.now() + timeout * 1000;
  for (;;) {
    const left = until - Date.now();
    const banner = await bannerOf(port, Math.min(BANNER, Math.max(left, 1)), signal);
    if (banner !== undefined) return banner;
    signal.throwIfAborted();
    if (!(await isAlive(state))) throw new StepError(`${name}: the guest has ended.`);
    if (Date.now() + RETRY >= until) {
      throw new StepError(`${name}: no ssh server has answered on ${LOOPBACK}:${port} in ${timeout} s.`, {
        hint: 'In the guest: System Preferences > Sharing > Remote Login.',
      });
    }
    await sleep(RETRY, undefined, { signal });
  }
}

/** The first line that a server says of itself; undefined where there is none in so many milliseconds. */
function bannerOf(port: number, patience: number, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: LOOPBACK, signal });
    const end = (banner?: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(banner);
    };
    const timer = setTimeout(end, patience);
    let heard = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      heard += text;
      const banner = /(?:^|\n)(SSH-[\x20-\x7e]*)\r?\n/.exec(heard)?.[1];
      if (banner !== undefined || heard.length > MOST) end(banner);
    });
    socket.on('error', () => end());
    socket.on('close', () => end());
  });
}
