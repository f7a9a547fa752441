import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';

/** Bytes a socket reads at once: few enough to stay in the processor's cache. */
const READ = 256 << 10;

/** undici's own options, and those it hands on to net.connect and tls.connect. */
type Options = buildConnector.BuildOptions & {
  readonly onread: { buffer(): Uint8Array; callback(count: number, bytes: Uint8Array): boolean };
};

/**
 * Opens connections that read into the same memory again and again: of gigabytes that come in parts of 64 KiB, new memory for each, and
 * its collection, take most of the time. What is read is good until it was handed on and the next is read.
 */
export function connectorOf(build: typeof buildConnector, timeout: number): buildConnector.connector {
  return (options, callback) => {
    const memory = [Buffer.allocUnsafeSlow(READ), Buffer.allocUnsafeSlow(READ)];
    let socket: Socket | undefined;
    let pushed = 0;
    const onread: Options['onread'] = {
      buffer() {
        const next = memory.shift()!;
        // Older bytes that nobody took yet may lie in it: then they keep it.
        const waiting = (socket?.readableLength ?? 0) > pushed;
        memory.push(waiting ? Buffer.allocUnsafeSlow(READ) : next);
        return memory.at(-1)!;
      },
      callback(count, bytes) {
        pushed = count;
        return socket!.push(bytes.subarray(0, count));
      },
    };
    const own: Options = { timeout, onread };
    // Its types say that nothing comes back.
    socket = build(own)(options, callback) as unknown as Socket;
    return socket;
  };
}
