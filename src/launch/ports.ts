import { createServer } from 'node:net';
import { HostError, InUseError, UsageError } from '../errors.js';
import type { Forward, Ports } from './run-state.js';

/** What a user asks of a guest's user-mode network. */
export interface PortsWanted {
  /** Leads to the guest's ssh server; default: the first free one of RANGE. */
  readonly sshPort?: number;
  readonly forwards?: readonly Forward[];
}

/** The host's side is always this: nobody else on the network reaches the guest. */
export const LOOPBACK = '127.0.0.1';
/** The guest's ssh server. */
export const SSH = 22;
/** Where a free port is looked for, both ends included. */
const RANGE = [2222, 2321] as const;

/** "8080:80": a port of 127.0.0.1 and the guest's port that it leads to. UsageError for anything else. */
export function parseForward(text: string): Forward {
  const [, host, guest] = /^(\d{1,5}):(\d{1,5})$/.exec(text) ?? [];
  const forward = { host: Number(host), guest: Number(guest) };
  if ([forward.host, forward.guest].every((port) => port >= 1 && port <= 65_535)) return forward;
  throw new UsageError(
    `--forward ${text}: expected HOST:GUEST, two ports, like 8080:80.`,
    `Ports are reached on ${LOOPBACK} only; from elsewhere: ssh -L.`,
  );
}

/**
 * The ports a guest gets. UsageError for two that are the same; HostError for one that another program has, or where none is free.
 * `look` false: those that were asked for are not looked at, because nothing is started.
 */
export async function choosePorts(
  wanted: PortsWanted,
  { look = true, range = RANGE }: { readonly look?: boolean; readonly range?: readonly [number, number] } = {},
): Promise<Ports> {
  const { sshPort, forwards = [] } = wanted;
  const asked = [...(sshPort === undefined ? [] : [sshPort]), ...forwards.map(({ host }) => host)];
  const twice = asked.find((port, i) => asked.indexOf(port) !== i);
  if (twice !== undefined) throw new UsageError(`Port ${twice} of this computer cannot lead to two of the guest's.`);
  if (look)
    for (const port of asked) {
      const [option, value] = port === sshPort ? ['--ssh-port', 'PORT'] : ['--forward', 'HOST:GUEST'];
      await expectFree(port, `${option} ${port}`, `${option} ${value}`);
    }
  return { ssh: sshPort ?? (await findFree(asked, range)), forwards };
}

/** What QEMU is to forward. */
export function allForwards({ ssh, forwards }: Ports): Forward[] {
  return [...(ssh === undefined ? [] : [{ host: ssh, guest: SSH }]), ...forwards];
}

async function findFree(taken: readonly number[], [first, last]: readonly [number, number]): Promise<number> {
  for (let port = first; port <= last; port++) {
    if (!taken.includes(port) && (await faultOf(port)) === undefined) return port;
  }
  throw new HostError(`No port from ${first} to ${last} is free on ${LOOPBACK} for the guest's ssh.`, {
    hint: 'Give one with --ssh-port PORT, or --net none.',
  });
}

/**
 * Makes sure that a port of this computer can be listened at: InUseError where another program has it, HostError where it may not be
 * had. `option` is what asked for it ("--ssh-port 2222"), `another` how to ask for another one.
 */
export async function expectFree(port: number, option: string, another: string): Promise<void> {
  const fault = await faultOf(port);
  if (fault === undefined) return;
  const hint = `Give another one: ${another}. Who has it: ss -tlnp 'sport = ${port}'`;
  const what = option.endsWith(` ${port}`) ? 'this port' : `port ${port}`;
  if (fault === 'EADDRINUSE') {
    throw new InUseError(`${option}: another program has ${what}, perhaps another guest.`, { hint });
  }
  const reason =
    fault === 'EACCES' ? `you may not use ${what}; those below 1024 are for root` : `${what} cannot be used (${fault})`;
  throw new HostError(`${option}: ${reason}.`, { hint });
}

/** Why nobody can listen there, errno's word; undefined where one can. */
function faultOf(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
