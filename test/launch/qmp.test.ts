import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { Qmp, type QmpEvent } from '../../src/launch/qmp.js';
import { scratch } from '../helpers/judges/tool.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const GREETING = '{"QMP": {"version": {}, "capabilities": []}}\r\n';

/** A QEMU that says what it is told to, and answers each command by `answer`. */
function qemu(path: string, answer: (command: { execute: string; id: number }) => string, greeting = GREETING): void {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.write(greeting);
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().trim().split('\n')) socket.write(answer(JSON.parse(line)));
    });
  });
  servers.push(server.listen(path));
}
const fine = ({ id }: { id: number }) => `{"return": {}, "id": ${id}}\n`;
const patience = () => AbortSignal.timeout(5000);

test('waits for the socket, and answers belong to their questions', async () => {
  const path = join(scratch('qmp'), 's');
  const connecting = Qmp.connect(path, patience());
  await sleep(120);
  qemu(path, ({ execute, id }) =>
    execute === 'qmp_capabilities'
      ? fine({ id })
      : `{"event": "RESUME", "timestamp": {}}\n{"return": "${execute}", "id": ${id}}\n`,
  );
  const qmp = await connecting;
  const events: QmpEvent[] = [];
  const stop = qmp.listen((event) => events.push(event));
  expect(await Promise.all([qmp.command('a'), qmp.command('b')])).toEqual(['a', 'b']);
  stop();
  await qmp.command('c');
  expect(events.map(({ event }) => event)).toEqual(['RESUME', 'RESUME']);
  qmp.close();
  await expect(qmp.command('d')).rejects.toThrow();
});

test('a refusal is an error with QEMU’s words', async () => {
  const path = join(scratch('qmp'), 's');
  qemu(path, ({ execute, id }) =>
    execute === 'qmp_capabilities' ? fine({ id }) : `{"error": {"class": "GenericError", "desc": "no"}, "id": ${id}}\n`,
  );
  const qmp = await Qmp.connect(path, patience());
  await expect(qmp.command('x')).rejects.toThrow('QEMU: no');
  qmp.close();
});

test('messages may come in pieces', async () => {
  const path = join(scratch('qmp'), 's');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    void (async () => {
      for (const char of GREETING + fine({ id: 1 })) {
        socket.write(char);
        await sleep(1);
      }
    })();
  });
  servers.push(server.listen(path));
  (await Qmp.connect(path, patience())).close();
});

test.each([
  ['nonsense\n', /no message/],
  ['', /closed|aborted/i],
])('a greeting of %j is the end, never a hang', async (greeting, message) => {
  const path = join(scratch('qmp'), 's');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(greeting);
  });
  servers.push(server.listen(path));
  await expect(Qmp.connect(path, patience())).rejects.toThrow(message);
});

test('gives up when nobody ever listens, or QEMU says nothing', async () => {
  const folder = scratch('qmp');
  await expect(Qmp.connect(join(folder, 'none'), AbortSignal.timeout(150))).rejects.toThrow();
  qemu(join(folder, 's'), fine, '\n');
  await expect(Qmp.connect(join(folder, 's'), AbortSignal.timeout(150))).rejects.toThrow();
});
