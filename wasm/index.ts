// What scripts/setup.mjs compiles into src/formats/codecs/wasm-code.ts.

export { follow, linkChain, readSymbols } from './bzip2';
export { decode, reset, setProperties } from './lzma';
