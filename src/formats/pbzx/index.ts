export { indexPbzx, MAX_PBZX_CHUNK, MAX_PBZX_CHUNKS, MAX_PBZX_PLAIN, type PbzxChunk } from './chunks.js';
export { openPbzx, type PbzxOptions, PbzxSource, unpbzx } from './source.js';
export { writePbzx } from './write.js';
