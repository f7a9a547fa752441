import { StringDecoder } from 'node:string_decoder';

/** Characters; a longer line is handed over in parts, so that a tool without line ends cannot fill the memory. */
const MAX_LINE = 64 * 1024;

/** Cuts a stream of bytes into lines. `\r` ends a line too: that is how tools redraw their progress. */
export function lineCutter(onLine: (line: string) => void): { push(chunk: Uint8Array): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const cut = (text: string) => {
    const parts = (rest + text).split(/\r\n|\n|\r/);
    rest = parts.pop() ?? '';
    for (const part of parts) if (part !== '') onLine(part);
    for (; rest.length > MAX_LINE; rest = rest.slice(MAX_LINE)) onLine(rest.slice(0, MAX_LINE));
  };
  return {
    push: (chunk) => cut(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))),
    end: () => {
      cut(decoder.end());
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}
