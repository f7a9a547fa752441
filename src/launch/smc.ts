import { HostError } from '../errors.js';

// Apple's system management controller, as its Linux driver and SmcDumpKey talk to it: two I/O ports and a small protocol.

/** I/O ports of a computer, real or emulated. A byte at a time. */
export interface Port {
  inb(port: number): Promise<number>;
  outb(port: number, value: number): Promise<void>;
  /** Waits, in microseconds. */
  delay(microseconds: number): Promise<void>;
  close(): Promise<void>;
}

const DATA = 0x300;
/** Commands are written here, the status is read here. */
const COMMAND = 0x304;

const READ_KEY = 0x10;
const GET_KEY_TYPE = 0x13;

/** Status bits. */
const HAS_DATA = 0x01;
const SETTLING = 0x02;
const ACCEPTED = 0x04;

/** Microseconds: the first wait, doubled at each step up to the last; and the pause before a byte is written again. */
const FIRST_WAIT = 0x10;
const LAST_WAIT = 0x20000;
const RETRY_PAUSE = 0x100;

/** Bytes; the length is one byte. */
const MOST = 255;

/** A key's value as the controller gives it. */
export interface SmcValue {
  /** Four characters: "OSK0", "REV ". */
  readonly key: string;
  /** Four characters: "ch8*"; undefined where the controller does not tell types, as QEMU's does not. */
  readonly type?: string;
  /** Who may read and write it, as the controller has it; undefined like the type. */
  readonly flags?: number;
  readonly bytes: Uint8Array;
}

/** Keys whose size is known, for a controller that does not tell it. */
const SIZES: Readonly<Record<string, number>> = { 'REV ': 6, OSK0: 32, OSK1: 32, NATJ: 1, MSSP: 1, MSSD: 1, '#KEY': 4 };

/** Reads one key. HostError where there is no controller, it does not know the key, or it stops in the middle. */
export async function readKey(port: Port, key: string): Promise<SmcValue> {
  const name = expectKey(key);
  const about = await keyType(port, name);
  const length = about?.length ?? SIZES[name];
  if (length === undefined) {
    throw new HostError(`SMC key ${JSON.stringify(name)}: the controller does not say how long it is.`);
  }
  const bytes = await request(port, READ_KEY, name, length);
  if (!bytes) throw new HostError(`SMC key ${JSON.stringify(name)}: the controller has no such key.`, { hint: NONE });
  return { key: name, ...(about && { type: about.type, flags: about.flags }), bytes };
}

/** What an Apple computer answers with. */
const NONE = 'Is this an Apple computer with an Intel processor? On others there is no SMC to ask.';

/** Four characters; a shorter name is filled up with blanks. */
function expectKey(key: string): string {
  if (!/^[\x20-\x7e]{1,4}$/.test(key)) {
    throw new HostError(`SMC key ${JSON.stringify(key)}: expected one to four visible characters.`);
  }
  return key.padEnd(4);
}

/** u8 length, 4 bytes type, u8 flags. Undefined where the controller does not take the command. */
async function keyType(port: Port, key: string): Promise<{ length: number; type: string; flags: number } | undefined> {
  const answer = await request(port, GET_KEY_TYPE, key, 6).catch((error: unknown) => {
    if (error instanceof Refused) return undefined;
    throw error;
  });
  if (!answer || answer[0] === 0) return undefined;
  const [length = 0, flags = 0] = [answer[0], answer[5]];
  return { length, type: Buffer.from(answer.subarray(1, 5)).toString('latin1'), flags };
}

/** The controller did not take a byte. */
class Refused extends HostError {}

/** Undefined where the controller took everything and has nothing to say. */
async function request(port: Port, command: number, key: string, length: number): Promise<Uint8Array | undefined> {
  if (length > MOST) throw new HostError(`SMC key ${JSON.stringify(key)}: ${length} bytes are too many.`);
  await send(port, COMMAND, command);
  for (const char of key) await send(port, DATA, char.charCodeAt(0));
  try {
    await send(port, DATA, length);
  } catch (error) {
    // It took the key's name and does not know it.
    if (error instanceof Refused) return undefined;
    throw error;
  }
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    if (!(await untilData(port))) {
      if (i === 0) return undefined;
      throw new HostError(`SMC key ${JSON.stringify(key)}: expected ${length} bytes, found ${i}.`);
    }
    bytes[i] = await port.inb(DATA);
  }
  // What is left over would be taken for the answer to the next request.
  for (let i = 0; i < MOST && (await port.inb(COMMAND)) & HAS_DATA; i++) await port.inb(DATA);
  return bytes;
}

/** Writes a byte until the controller takes it. */
async function send(port: Port, to: number, byte: number): Promise<void> {
  await port.outb(to, byte);
  let status = 0;
  for (let wait = FIRST_WAIT; wait < LAST_WAIT; wait *= 2) {
    await port.delay(wait);
    status = await port.inb(COMMAND);
    // No device drives the bus: there is no controller.
    if (status === 0xff) break;
    if (status & SETTLING) continue;
    if (status & ACCEPTED) return;
    if (wait * 2 < LAST_WAIT) {
      await port.delay(RETRY_PAUSE);
      await port.outb(to, byte);
    }
  }
  const found = `0x${status.toString(16).padStart(2, '0')}`;
  throw new Refused(`The SMC does not answer (status ${found}).`, { hint: NONE });
}

async function untilData(port: Port): Promise<boolean> {
  for (let wait = FIRST_WAIT; wait < LAST_WAIT; wait *= 2) {
    await port.delay(wait);
    if ((await port.inb(COMMAND)) & HAS_DATA) return true;
  }
  return false;
}

/** A key's value as SmcDumpKey prints it, the program this one follows. */
export function dumpKey({ type, flags, bytes }: SmcValue): string {
  const about = `length=${bytes.length}`;
  const known =
    type === undefined
      ? about
      : `type="${visible(Buffer.from(type, 'latin1'))}" ${about} flags=${(flags ?? 0).toString(16)}`;
  return `  ${known}\n  data="${visible(bytes)}"`;
}

function visible(bytes: Uint8Array): string {
  const shown = (byte: number) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  return Array.from(bytes, shown).join('');
}
