import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { FormatError, StepError } from '../../src/errors.js';
import { connectNbd } from '../../src/guest-disk/nbd-target.js';
import { scratch } from '../helpers/judges/tool.js';

interface Behaviour {
  readonly size?: number;
  readonly flags?: number;
  readonly minimumBlock?: number;
  /** Bytes per packet: TCP gives no promise. */
  readonly packet?: number;
  /** Replies in the reverse order, two by two. */
  readonly shuffle?: boolean;
  readonly errorOn?: number;
  readonly refuse?: string;
  readonly raw?: Uint8Array;
  readonly hangUpAfter?: number;
  /** Answers so many requests and no more, and never ends the connection. */
  readonly silentAfter?: number;
}

let server: Server | undefined;
afterEach(() => server?.close());

/** A small NBD server over a buffer, written from the protocol's text. */
async function serve(disk: Buffer, behaviour: Behaviour = {}) {
  const path = join(scratch('nbd'), 'socket');
  const commands: string[] = [];
  server = createServer((socket) => void speak(socket, disk, behaviour, commands).catch(() => socket.destroy()));
  await new Promise<void>((resolve) => server!.listen(path, resolve));
  return { path, commands };
}

async function speak(socket: Socket, disk: Buffer, b: Behaviour, commands: string[]): Promise<void> {
  socket.on('error', () => {});
  let sent = 0;
  const send = (bytes: Uint8Array) => {
    const size = b.packet ?? bytes.length;
    for (let at = 0; at < bytes.length; at += size) {
      if (b.hangUpAfter !== undefined && sent + size > b.hangUpAfter) {
        socket.destroy();
        throw new Error('hung up');
      }
      socket.write(bytes.subarray(at, at + size));
      sent += size;
    }
  };
  const parts = socket[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  const take = async (length: number) => {
    while (held.length < length) {
      const { value, done } = (await parts.next()) as { value: Buffer; done: boolean };
      if (done) throw new Error('gone');
      held = Buffer.concat([held, value]);
    }
    const taken = held.subarray(0, length);
    held = held.subarray(length);
    return taken;
  };
  if (b.raw) return send(b.raw);
  send(Buffer.concat([Buffer.from('NBDMAGICIHAVEOPT'), Buffer.from([0, 3])]));
  expect((await take(4)).readUInt32BE()).toBe(3);
  const head = await take(16);
  expect([head.toString('latin1', 0, 8), head.readUInt32BE(8)]).toEqual(['IHAVEOPT', 7]);
  await take(head.readUInt32BE(12));
  const option = (type: number, data: Buffer) => {
    const reply = Buffer.alloc(20);
    reply.writeBigUInt64BE(0x3e889045565a9n, 0);
    reply.writeUInt32BE(7, 8);
    reply.writeUInt32BE(type, 12);
    reply.writeUInt32BE(data.length, 16);
    send(Buffer.concat([reply, data]));
  };
  if (b.refuse) return option(2 ** 31 + 6, Buffer.from(b.refuse));
  const info = Buffer.alloc(12);
  info.writeBigUInt64BE(BigInt(b.size ?? disk.length), 2);
  info.writeUInt16BE(b.flags ?? 1 | 4, 10);
  option(3, info);
  const blocks = Buffer.alloc(14);
  blocks.writeUInt16BE(3, 0);
  blocks.writeUInt32BE(b.minimumBlock ?? 1, 2);
  option(3, blocks);
  option(1, Buffer.alloc(0));
  let late: Buffer | undefined;
  for (;;) {
    const request = await take(28);
    expect(request.readUInt32BE(0)).toBe(0x25609513);
    const command = request.readUInt16BE(6);
    const [offset, length] = [Number(request.readBigUInt64BE(16)), request.readUInt32BE(24)];
    if (b.silentAfter !== undefined && commands.length >= b.silentAfter) return;
    commands.push(['read', 'write', 'disconnect', 'flush'][command]!);
    if (command === 2) return void socket.end();
    const data = command === 1 ? await take(length) : undefined;
    const reply = Buffer.alloc(16);
    reply.writeUInt32BE(0x67446698, 0);
    request.copy(reply, 8, 8, 16);
    if (commands.length === b.errorOn) {
      reply.writeUInt32BE(5, 4);
      send(reply);
      continue;
    }
    if (data) disk.set(data, offset);
    const answer = Buffer.concat([reply, command === 0 ? disk.subarray(offset, offset + length) : Buffer.alloc(0)]);
    if (!b.shuffle) send(answer);
    else if (late === undefined) late = answer;
    else {
      send(answer);
      send(late);
      late = undefined;
    }
  }
}

const noise = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7919 + (i >> 8)) & 0xff));

describe('connectNbd', () => {
  it('reads and writes what is there, in packets of any size', async () => {
    for (const packet of [1, 7, 4096, 1 << 20]) {
      const disk = noise(20_000);
      const { path, commands } = await serve(disk, { packet });
      const target = await connectNbd(path, 'disk');
      expect(target.source.size).toBe(20_000);
      expect(Buffer.from(await target.source.read(100, 9000)).equals(disk.subarray(100, 9100))).toBe(true);
      await target.write(512, Buffer.alloc(600, 0xaa));
      await target.flush();
      expect(disk.subarray(512, 1112).every((byte) => byte === 0xaa)).toBe(true);
      await expect(target.source.read(19_999, 2)).rejects.toThrow(FormatError);
      await expect(target.write(19_999, Buffer.alloc(2))).rejects.toThrow(FormatError);
      await target.close();
      await target.close();
      expect(commands).toEqual(['read', 'write', 'flush', 'disconnect']);
      await expect(target.source.read(0, 1)).rejects.toThrow(/closed/);
    }
  });

  it('takes replies in any order, and splits what is large', async () => {
    const disk = noise(3 << 20);
    const { path, commands } = await serve(disk, { shuffle: true });
    const target = await connectNbd(path, 'disk');
    const read = await target.source.read(5, (2 << 20) - 5);
    expect(Buffer.from(read).equals(disk.subarray(5, 2 << 20))).toBe(true);
    expect(commands).toEqual(['read', 'read']);
    await target.close();
  });

  it('does not flush where the server cannot, nor write where it may not', async () => {
    const { path, commands } = await serve(noise(1024), { flags: 1 | 2 });
    const target = await connectNbd(path, 'disk');
    await target.flush();
    await expect(target.write(0, Buffer.alloc(1))).rejects.toThrow(StepError);
    await target.close();
    expect(commands).toEqual(['disconnect']);
  });

  it('says what the server says', async () => {
    await expect(connectNbd((await serve(noise(8), { refuse: 'no such export' })).path, 'disk')).rejects.toThrow(
      /no such export/,
    );
    await expect(connectNbd((await serve(noise(8), { minimumBlock: 4096 })).path, 'disk')).rejects.toThrow(
      /at most 512/,
    );
    const { path } = await serve(noise(1024), { errorOn: 1 });
    const target = await connectNbd(path, 'disk');
    await expect(target.source.read(0, 1)).rejects.toThrow(/error 5/);
    expect((await target.source.read(0, 2)).length).toBe(2);
    await target.close();
  });

  it('rejects everything that waits when the server dies', async () => {
    const { path } = await serve(noise(1 << 16), { packet: 64, hangUpAfter: 1000 });
    const target = await connectNbd(path, 'disk');
    const waiting = [target.source.read(0, 4096), target.source.read(4096, 10), target.flush()];
    for (const each of waiting) await expect(each).rejects.toThrow(/ended the connection/);
    await target.close();
  });

  it('waits for no server for ever', async () => {
    const { path } = await serve(noise(8), { silentAfter: 0 });
    const target = await connectNbd(path, 'disk', { patience: 300 });
    await expect(target.source.read(0, 1)).rejects.toThrow(/disk: the NBD server has not answered for 0.3 seconds/);
    await target.close();
    const mute = createServer(() => {});
    const dumb = join(scratch('nbd'), 'mute');
    await new Promise<void>((resolve) => mute.listen(dumb, resolve));
    await expect(connectNbd(dumb, 'disk', { patience: 300 })).rejects.toThrow(/has not answered/);
    const controller = new AbortController();
    const waiting = connectNbd(dumb, 'disk', { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ exitCode: 130 });
    mute.close();
  });

  it('is patient while nothing is asked, and stops when the user does', async () => {
    const { path } = await serve(noise(8), { silentAfter: 1 });
    const controller = new AbortController();
    const target = await connectNbd(path, 'disk', { patience: 200, signal: controller.signal });
    await sleep(500);
    expect((await target.source.read(0, 2)).length).toBe(2);
    const waiting = target.flush();
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ exitCode: 130 });
    await target.close();
  });

  it('takes nothing else for an NBD server, and hangs on nothing', async () => {
    const junk = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constant(Buffer.from('NBDMAGIC\0\0\x42\x02\x81\x86\x12\x53'.padEnd(152, '\0'), 'latin1')),
    );
    await fc.assert(
      fc.asyncProperty(junk, async (raw) => {
        const { path } = await serve(Buffer.alloc(1), { raw: Buffer.concat([raw, Buffer.alloc(18)]) });
        const failure = await connectNbd(path, 'disk').then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(failure).toBeInstanceOf(FormatError);
        server?.close();
      }),
      { numRuns: 20 },
    );
  });
});
