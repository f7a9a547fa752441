import { deflateSync, gzipSync } from 'node:zlib';
import { FormatError } from '../../../../src/errors.js';
import { bunzip2 } from '../../../../src/formats/codecs/bzip2.js';
import { decode } from '../../../../src/formats/codecs/index.js';
import { decodeLzvn } from '../../../../src/formats/codecs/lzvn.js';
import { encodeXz } from '../../../../src/formats/codecs/xz/write.js';
import type { Codec } from '../../../../src/formats/pieces.js';
import { unzipped } from '../../../../src/formats/unzipped.js';
import { calls, noise, runs, words } from '../../../formats/codecs/samples.js';
import { fixture } from '../../../formats/hfsplus/volumes.js';
import { orFormatError } from '../../../helpers/damage.js';
import { storedXz } from '../../../helpers/pbzx.js';
import { drainAll, type Given } from '../given.js';
import type { Sample } from '../mutate.js';
import type { Reader } from '../readers.js';

const WHERE = { file: 'input', at: 0 };
const named = (name: string): Sample => ({ name, bytes: fixture(`codecs/${name}`), hot: [[0, 32]] });

/** Decodes a run as UDIF and pbzx do, to several lengths: to one of them as far as the damage lets it. */
function reader(codec: Codec, samples: () => readonly Sample[]): Reader {
  return {
    name: `${codec} run`,
    samples,
    async read({ bytes }) {
      const results = await Promise.all(
        [512, 3000, bytes.length].map((length) => orFormatError(async () => decode(codec, bytes, length, WHERE))),
      );
      if (results.every((result) => result instanceof FormatError)) throw results[0];
    },
  };
}

/** LZFSE's first block of a file in Apple's image: `bvx2` to `bvx$`. */
function lzfse(): Sample[] {
  const image = Buffer.from(fixture('udif/udif-lzfse.dmg'));
  const start = image.indexOf('bvx2');
  const end = image.indexOf('bvx$', start) + 4;
  return [
    { name: 'run of a dmg', bytes: image.subarray(start, end), hot: [[0, 80]] },
    { name: 'decmpfs', bytes: fixture('decmpfs/real_lzfse_inline.payload'), hot: [[0, 80]] },
    { name: 'lzvn', bytes: Buffer.concat([Buffer.from('bvxn'), fixture('decmpfs/tahoe_type8.rsrc')]), hot: [[0, 16]] },
    { name: 'stored', bytes: Buffer.concat([Buffer.from('bvx-\x08\0\0\0abcdefghbvx$', 'latin1')]) },
  ];
}

const text = Buffer.from(words(3000));

export const codecReaders: readonly Reader[] = [
  reader('zlib', () => [
    { name: 'words', bytes: deflateSync(text) },
    { name: 'noise', bytes: deflateSync(noise(700)) },
  ]),
  reader('bzip2', () => ['runs.bz2', 'longruns.bz2', 'repeat.bz2', 'streams.bz2', 'empty.bz2'].map(named)),
  reader('xz', () => [
    ...[
      'words.xz',
      'words-blocks.xz',
      'words-sizes.xz',
      'streams.xz',
      'noise-none.xz',
      'ramps-delta.xz',
      'calls-x86.xz',
      'empty.xz',
    ].map(named),
    // Nothing inside notices a change, as in Apple's payloads.
    { name: 'no check', bytes: encodeXz(calls(2000), { check: 'none' }), hot: [[24, 1000]] },
    { name: 'stored', bytes: storedXz(text), hot: [[0, 32]] },
  ]),
  reader('lzfse', lzfse),
  reader('adc', () => [
    { name: 'runs', bytes: Uint8Array.of(0x83, 1, 2, 3, 4, 0x3c, 0, 0x45, 0, 1, 0x08, 3, 0x80, 9, 0x7f, 0, 2) },
  ]),
  {
    name: 'lzvn',
    samples: () => [
      { name: 'tahoe', bytes: fixture('decmpfs/tahoe_type8.rsrc') },
      { name: 'lzvn', bytes: fixture('decmpfs/lzvn.rsrc').subarray(0, 4000) },
    ],
    read({ bytes }) {
      decodeLzvn(bytes, 1936, WHERE);
    },
  },
  {
    name: 'bzip2 stream',
    samples: () => ['runs.bz2', 'streams.bz2', 'longruns.bz2'].map(named),
    read: (given: Given) => drainAll(bunzip2(given.stream(), 'Payload')),
  },
  {
    name: 'gzip stream',
    samples: () => [
      { name: 'gzip', bytes: gzipSync(text), hot: [[0, 10]] },
      { name: 'runs', bytes: gzipSync(runs(9000)) },
    ],
    read: (given: Given) => drainAll(unzipped('gzip', given.stream(), WHERE)),
  },
];
