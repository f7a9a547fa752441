import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.js';
import {
  checkGreeting,
  decodeInfo,
  decodeOptionReply,
  decodeReply,
  encodeGo,
  encodeRequest,
  GREETING_SIZE,
  NbdCommand,
  OPTION_REPLY_SIZE,
  REPLY_SIZE,
} from '../../src/formats/nbd.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** Captured from qemu-nbd 7.2 with an export of 1,048,576 bytes. */
const GREETING = hex('4e42444d41474943 49484156454f5054 0003');
const INFO = hex('0000 0000000000100000 0c6d');
const REPLY = hex('0003e889045565a9 00000007 00000003 0000000c');

describe('NBD', () => {
  it('reads what qemu-nbd says', () => {
    expect(() => checkGreeting(GREETING, 'disk')).not.toThrow();
    expect(decodeOptionReply(REPLY, 'disk')).toEqual({ type: 3, length: 12 });
    expect(decodeInfo(INFO, 'disk')).toEqual({ size: 1 << 20, readOnly: false, canFlush: true });
    expect(decodeInfo(hex('0003 00000001 00001000 02000000'), 'disk')).toBeUndefined();
    expect(decodeReply(hex('67446698 00000000 0000000000000102'), 'disk')).toEqual({ error: 0, handle: 0x102 });
  });

  it('writes what the protocol says', () => {
    const go = '00000003 49484156454f5054 00000007 0000000a 00000002 6162 0001 0003';
    expect(Buffer.from(encodeGo('ab'))).toEqual(hex(go));
    const request = '25609513 0000 0001 0000000000000007 0000000100000200 00000400';
    expect(Buffer.from(encodeRequest(NbdCommand.write, 7, 2 ** 32 + 512, 1024))).toEqual(hex(request));
  });

  it.each([
    ['an old server', () => checkGreeting(hex('4e42444d41474943 00420281861253 0000000000'.padEnd(40, '0')), 'disk')],
    ['another protocol', () => checkGreeting(Buffer.from('HTTP/1.1 400 Bad Request'), 'disk')],
    [
      'flags without fixed newstyle',
      () => checkGreeting(Buffer.concat([GREETING.subarray(0, 16), hex('0002')]), 'disk'),
    ],
    ['a reply without end', () => decodeOptionReply(Buffer.concat([REPLY.subarray(0, 16), hex('ffffffff')]), 'disk')],
    [
      'a reply to another option',
      () => decodeOptionReply(Buffer.concat([REPLY.subarray(0, 8), hex('00000006 00000003 00000000')]), 'disk'),
    ],
    ['an endless disk', () => decodeInfo(hex('0000 ffffffffffffffff 0005'), 'disk')],
    ['large blocks', () => decodeInfo(hex('0003 00001000 00001000 00001000'), 'disk')],
    ['half an answer', () => decodeInfo(hex('0000 00000000'), 'disk')],
    ['no answer', () => decodeInfo(hex(''), 'disk')],
    ['another magic', () => decodeReply(hex('67446699 00000000 0000000000000000'), 'disk')],
  ])('refuses %s', (_, read) => {
    expect(read).toThrow(FormatError);
  });

  it('throws nothing but FormatError, whatever comes', () => {
    const readers = [
      [GREETING_SIZE, (bytes: Uint8Array) => checkGreeting(bytes, 'disk'), GREETING],
      [OPTION_REPLY_SIZE, (bytes: Uint8Array) => decodeOptionReply(bytes, 'disk'), REPLY],
      [INFO.length, (bytes: Uint8Array) => decodeInfo(bytes, 'disk'), INFO],
      [REPLY_SIZE, (bytes: Uint8Array) => decodeReply(bytes, 'disk'), hex('67446698 00000000 0000000000000000')],
    ] as const;
    fc.assert(
      fc.property(fc.nat(3), fc.array(fc.tuple(fc.nat(63), fc.nat(255)), { maxLength: 4 }), (which, changes) => {
        const [size, read, good] = readers[which]!;
        const bytes = Buffer.alloc(size);
        good.copy(bytes);
        for (const [at, value] of changes) bytes[at % size] = value;
        try {
          read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });
});
