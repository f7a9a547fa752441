import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { HostError, UsageError } from '../../src/errors.js';
import { allForwards, choosePorts, parseForward } from '../../src/launch/ports.js';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** Takes a port, as another program would. */
function take(port = 0): Promise<number> {
  const server = createServer();
  servers.push(server);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

describe('--forward', () => {
  test('is two ports', () => {
    expect(parseForward('8080:80')).toEqual({ host: 8080, guest: 80 });
  });

  test.each(['', '80', '80:', ':80', '0:80', '80:0', '65536:80', '80:65536', '0.0.0.0:80:80', 'a:b', '80:80:80'])(
    '%j is none',
    (text) => {
      expect(() => parseForward(text)).toThrow(/expected HOST:GUEST, two ports, like 8080:80/);
    },
  );
});

describe('the ports of a guest', () => {
  test('as they were asked for', async () => {
    const port = await take();
    await new Promise((resolve) => servers.pop()!.close(resolve));
    const ports = await choosePorts({ sshPort: port, forwards: [] });
    expect(ports).toEqual({ ssh: port, forwards: [] });
    expect(allForwards({ ssh: port, forwards: [{ host: 8080, guest: 80 }] })).toEqual([
      { host: port, guest: 22 },
      { host: 8080, guest: 80 },
    ]);
    expect(allForwards({ forwards: [] })).toEqual([]);
  });

  test('ssh gets one that is free, and not one that is asked for', async () => {
    const { ssh: first } = await choosePorts({});
    await take(first);
    const { ssh: second } = await choosePorts({});
    expect(second).toBeGreaterThan(first!);
    const forwards = [{ host: second!, guest: 80 }];
    expect((await choosePorts({ forwards })).ssh).toBeGreaterThan(second!);
  });

  test('one that another program has is refused before anything starts; where nothing starts it is as good as free', async () => {
    const port = await take();
    const error = await choosePorts({ sshPort: port }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HostError);
    expect((error as HostError).message).toBe(
      `--ssh-port ${port}: another program has this port, perhaps another guest.`,
    );
    expect((error as HostError).hint).toContain('ss -tlnp');
    await expect(choosePorts({ sshPort: 65_535, forwards: [{ host: port, guest: 1 }] })).rejects.toThrow(/--forward/);
    expect(await choosePorts({ sshPort: port }, { look: false })).toEqual({ ssh: port, forwards: [] });
  });

  test('none is free: that is said, with what to give instead', async () => {
    const port = await take();
    const error = await choosePorts({}, { range: [port, port] }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HostError);
    expect((error as HostError).message).toBe(
      `No port from ${port} to ${port} is free on 127.0.0.1 for the guest's ssh.`,
    );
    expect((error as HostError).hint).toContain('--ssh-port PORT');
  });

  test('one cannot lead to two places', async () => {
    const twice = { sshPort: 4000, forwards: [{ host: 4000, guest: 80 }] };
    await expect(choosePorts(twice)).rejects.toBeInstanceOf(UsageError);
  });
});
