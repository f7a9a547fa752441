// What is compiled to dist/wasm/codecs.wasm, and loaded by src/formats/codecs/wasm.ts.

export { follow, linkChain, readSymbols } from './bzip2';
export { decode, reset, setProperties } from './lzma';
