import { type ByteSource, slice } from '../bytes.js';
import { SeekFeed } from '../cpio/index.js';
import type { PbzxSource } from '../pbzx/index.js';
import type { Entrances, Payload } from './coded.js';

/** What is read at once of an uncompressed payload, bytes. */
const PART = 1 << 20;
/** The same where a header is looked for: it comes soon, as files are small. */
const PROBE = 64 << 10;
/** What is decoded first of a chunk where a header is looked for, bytes; then four times as much, and so on. */
const FIRST = 256 << 10;
/** Chunks have 16 MiB: a kernel lies in one or two. */
const KEPT_OF_PBZX = 64 << 20;

/** A pbzx payload: its chunks can be decoded one by one, and their headers say where in the stream they lie. */
export function pbzxPayload(plain: PbzxSource): Payload {
  const whole = payloadOf(plain, 0, { form: 'pbzx', keeps: KEPT_OF_PBZX, readOn: (offset) => plain.readOn(offset) });
  const entrances: Entrances = {
    end: plain.chunks.length,
    grain: 1,
    next: async (place, end) => (place < end ? place : undefined),
    async *block(index) {
      const size = plain.chunks[index]!.plain;
      for (let done = 0, most = FIRST; done < size; most *= 4) {
        const bytes = await plain.beginning(index, done, most);
        yield bytes;
        done += bytes.length;
      }
    },
    from: (index) => {
      // Without a chunk the start is the end.
      const offset = plain.chunks[index]?.offset ?? 0;
      // A search ends soon.
      const readOn = (at: number) => plain.readHere(at);
      return payloadOf(plain, offset, { form: 'pbzx', keeps: KEPT_OF_PBZX, readOn });
    },
  };
  return { ...whole, entrances, close: async () => plain.forget() };
}

/** A payload stored as it is: it can be begun anywhere, and is every `step` bytes. */
export function cpioPayload(source: ByteSource, step = PART): Payload {
  const options = {
    form: 'cpio',
    keeps: 0,
    readOn: (offset: number) => source.read(offset, Math.min(PART, source.size - offset)),
  } as const;
  const entrances: Entrances = {
    end: Math.ceil(source.size / step),
    grain: 1,
    next: async (place, end) => (place < end ? place : undefined),
    async *block(index) {
      const end = Math.min((index + 1) * step, source.size);
      for (let at = index * step; at < end; at += PROBE) yield await source.read(at, Math.min(PROBE, end - at));
    },
    from: (index) => payloadOf(source, index * step, options),
  };
  return { ...payloadOf(source, 0, options), entrances };
}

/** The stream from `start` on; offsets count from there. */
function payloadOf(
  plain: ByteSource,
  start: number,
  { form, keeps, readOn }: Pick<Payload, 'form' | 'keeps'> & { readOn(offset: number): Promise<Uint8Array> },
): Payload {
  return {
    name: plain.name,
    form,
    seekable: true,
    keeps,
    feed: () => new SeekFeed({ size: plain.size - start, readOn: (offset) => readOn(start + offset) }),
    file: (offset, size, name) => slice(plain, start + offset, size, name),
    close: async () => {},
  };
}
