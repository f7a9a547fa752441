import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HostError } from '../../src/errors.js';
import { openDevPort } from '../../src/launch/dev-port.js';
import { smcSection } from '../../src/launch/osk.js';
import { Qmp } from '../../src/launch/qmp.js';
import { dumpKey, type Port, readKey } from '../../src/launch/smc.js';
import { find, needs } from '../helpers/judges/needs.js';
import { kept, scratch } from '../helpers/judges/tool.js';

/** A controller that does as the protocol says; `slow` steps pass before it takes or gives a byte. */
class FakeSmc implements Port {
  readonly asked: string[] = [];
  waited = 0;
  #command = 0;
  #sent: number[] = [];
  #answer: number[] = [];
  #busy = 0;

  constructor(
    readonly keys: Readonly<Record<string, { type: string; bytes: readonly number[] }>>,
    readonly options: { slow?: number; stopAfter?: number; deaf?: boolean } = {},
  ) {}

  async inb(port: number): Promise<number> {
    if (this.options.deaf) return 0xff;
    if (port === 0x300) return this.#answer.shift() ?? 0;
    if (this.#busy > 0) {
      this.#busy--;
      return 0x02;
    }
    return this.#answer.length > 0 ? 0x05 : 0x04;
  }

  async outb(port: number, value: number): Promise<void> {
    this.#busy = this.options.slow ?? 0;
    if (port === 0x304) {
      this.#command = value;
      this.#sent = [];
      this.#answer = [];
      return;
    }
    this.#sent.push(value);
    if (this.#sent.length !== 5) return;
    const name = String.fromCharCode(...this.#sent.slice(0, 4));
    this.asked.push(`${this.#command.toString(16)} ${name} ${value}`);
    const key = this.keys[name];
    if (!key) return;
    const about = [key.bytes.length, ...Buffer.from(key.type, 'latin1'), 0x80];
    this.#answer = (this.#command === 0x13 ? about : [...key.bytes]).slice(0, this.options.stopAfter);
  }

  async delay(microseconds: number): Promise<void> {
    this.waited += microseconds;
  }

  async close(): Promise<void> {}
}

const KEYS = {
  OSK0: { type: 'ch8*', bytes: [...Buffer.alloc(32, 'A')] },
  'REV ': { type: '{rev', bytes: [1, 2, 3, 4, 5, 6] },
  TC0D: { type: 'sp78', bytes: [0x2a, 0x80] },
};

describe('a controller', () => {
  test('tells a key’s type, then its value', async () => {
    const smc = new FakeSmc(KEYS);
    expect(await readKey(smc, 'TC0D')).toEqual({
      key: 'TC0D',
      type: 'sp78',
      flags: 0x80,
      bytes: Uint8Array.of(0x2a, 0x80),
    });
    expect(smc.asked).toEqual(['13 TC0D 6', '10 TC0D 2']);
  });

  test('may be slow', async () => {
    const value = await readKey(new FakeSmc(KEYS, { slow: 3 }), 'OSK0');
    expect(Buffer.from(value.bytes).toString()).toBe('A'.repeat(32));
  });

  test('knows names shorter than four characters', async () => {
    expect(await readKey(new FakeSmc(KEYS), 'REV')).toMatchObject({ key: 'REV ', type: '{rev' });
  });

  test('does not know every key', async () => {
    await expect(readKey(new FakeSmc(KEYS), 'NTOK')).rejects.toThrow('the controller does not say how long it is');
    await expect(readKey(new FakeSmc(KEYS), 'OSK1')).rejects.toThrow('SMC key "OSK1": the controller has no such key.');
  });

  test('may stop in the middle: never an endless wait', async () => {
    const smc = new FakeSmc(KEYS, { stopAfter: 3 });
    await expect(readKey(smc, 'OSK0')).rejects.toThrow(/expected \d+ bytes, found 3/);
    expect(smc.waited).toBeLessThan(1e6);
  });

  test('may not be there', async () => {
    const error = await readKey(new FakeSmc(KEYS, { deaf: true }), 'OSK0').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HostError);
    expect((error as HostError).hint).toContain('Is this an Apple computer');
  });

  test.each(['', 'TOOLONG', 'a\nb'])('is not asked for %j', async (key) => {
    await expect(readKey(new FakeSmc(KEYS), key)).rejects.toThrow('expected one to four visible characters');
  });
});

test('values are printed as SmcDumpKey prints them', async () => {
  const smc = new FakeSmc(KEYS);
  expect(dumpKey(await readKey(smc, 'OSK0'))).toBe(`  type="ch8*" length=32 flags=80\n  data="${'A'.repeat(32)}"`);
  expect(dumpKey(await readKey(smc, 'TC0D'))).toBe('  type="sp78" length=2 flags=80\n  data="*\\x80"');
  expect(dumpKey({ key: 'NATJ', bytes: Uint8Array.of(0) })).toBe('  length=1\n  data="\\x00"');
});

describe('QEMU’s own controller, with a dummy key', () => {
  let port: Port | undefined;
  let qmp: Qmp | undefined;

  beforeAll(async () => {
    const qemu = find('qemu-system-x86_64');
    if (qemu === undefined) return;
    const folder = scratch('smc');
    const config = join(folder, 'smc.cfg');
    writeFileSync(config, smcSection('A'.repeat(32) + 'B'.repeat(32)));
    const words = ['-no-user-config', '-nodefaults', '-machine', 'q35,accel=tcg', '-display', 'none', '-S'];
    const child = kept(
      spawn(qemu, [...words, '-readconfig', config, '-qmp', `unix:${folder}/qmp,server=on,wait=off`], {
        stdio: 'ignore',
      }),
    );
    const gone = new AbortController();
    child.once('exit', () => gone.abort(new Error('QEMU has ended')));
    qmp = await Qmp.connect(`${folder}/qmp`, AbortSignal.any([gone.signal, AbortSignal.timeout(20_000)]));
    const monitor = (command: string) => qmp!.command<string>('human-monitor-command', { 'command-line': command });
    port = {
      inb: async (at) => Number(/= (0x[0-9a-f]+)/.exec(await monitor(`i /b 0x${at.toString(16)}`))?.[1]),
      outb: async (at, value) => void (await monitor(`o /b 0x${at.toString(16)} 0x${value.toString(16)}`)),
      delay: async () => {},
      close: async () => {},
    };
  });

  afterAll(async () => {
    await qmp?.command('quit').catch(() => undefined);
    qmp?.close();
  });

  test('gives both halves of the key, and its revision', async (context) => {
    needs(context, 'qemu-system-x86_64');
    const text = async (key: string) => Buffer.from((await readKey(port!, key)).bytes).toString('latin1');
    expect(await text('OSK0')).toBe('A'.repeat(32));
    expect(await text('OSK1')).toBe('B'.repeat(32));
    // It ignores the length and tells no types.
    expect(await readKey(port!, 'REV ')).toEqual({ key: 'REV ', bytes: Uint8Array.of(1, 0x13, 0x0f, 0, 0, 3) });
    expect(await text('OSK0')).toBe('A'.repeat(32));
  });

  test('does not know every key', async (context) => {
    needs(context, 'qemu-system-x86_64');
    await expect(readKey(port!, '#KEY')).rejects.toThrow('the controller has no such key');
    expect((await readKey(port!, 'NATJ')).bytes).toEqual(Uint8Array.of(0));
  });
});

describe('/dev/port', () => {
  test('reads and writes bytes at a port’s offset', async () => {
    const device = join(scratch('port'), 'port');
    writeFileSync(device, Buffer.alloc(0x400));
    const port = await openDevPort({ device, driver: '/nowhere' });
    await port.outb(0x304, 0x10);
    expect(await port.inb(0x304)).toBe(0x10);
    const before = process.hrtime.bigint();
    await port.delay(500);
    await port.delay(5000);
    expect(Number(process.hrtime.bigint() - before)).toBeGreaterThan(5e6);
    await port.close();
  });

  test('is held by Linux’s own driver', async () => {
    await expect(openDevPort({ device: '/nowhere', driver: '/' })).rejects.toMatchObject({
      exitCode: 4,
      hint: expect.stringContaining('modprobe -r applesmc'),
    });
  });

  test('may be absent', async () => {
    await expect(openDevPort({ device: '/nowhere', driver: '/nowhere' })).rejects.toMatchObject({
      exitCode: 4,
      message: '/nowhere: cannot be opened (ENOENT).',
    });
  });
});
