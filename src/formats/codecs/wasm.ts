import { CODE } from './wasm-code.js';

/** What of WebAssembly is used; node's types leave it to the browser's. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The decoders' inner loops, compiled from wasm/. Numbers are places in `memory`. */
export interface Codecs {
  readonly memory: Memory;
  /** LZMA: see wasm/lzma.ts. */
  setProperties(lc: number, lpMask: number, pbMask: number): void;
  reset(): void;
  decode(from: number, to: number, at: number, end: number, dictionary: number): number;
  /** bzip2: see wasm/bzip2.ts. */
  readSymbols(end: number, used: number, groups: number, limit: number): number;
  linkChain(length: number): void;
  follow(at: number, end: number): number;
}

const PAGE = 65_536;

let compiled: object | undefined;

/** A new memory of at least so many bytes with the decoders in it. The code is compiled once a thread. */
export function newCodecs(bytes: number): Codecs {
  compiled ??= new WebAssembly.Module(Buffer.from(CODE, 'base64'));
  const codecs = new WebAssembly.Instance(compiled).exports as Codecs;
  growTo(codecs.memory, bytes);
  return codecs;
}

/** Makes sure that a memory has at least so many bytes. Views of it from before are then empty. */
export function growTo(memory: Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}
