import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildBinary } from 'plist';
import { examineMedium } from '../../../../src/boot/medium.js';
import { readJournals } from '../../../../src/core/journal.js';
import { FormatError } from '../../../../src/errors.js';
import { fromBytes } from '../../../../src/formats/bytes.js';
import {
  ChunkVerifier,
  chunkUp,
  parseChunklist,
  verifySignature,
  writeChunklist,
} from '../../../../src/formats/chunklist.js';
import {
  checkGreeting,
  decodeInfo,
  decodeOptionReply,
  decodeReply,
  GREETING_SIZE,
  OPTION_REPLY_SIZE,
  REPLY_SIZE,
} from '../../../../src/formats/nbd.js';
import { templateFile } from '../../../../src/host/template-files.js';
import { verifyFile } from '../../../../src/iso/verify-file.js';
import { checkBootPlist } from '../../../../src/plist/chameleon/check.js';
import { fixBootPlist } from '../../../../src/plist/chameleon/fix.js';
import { settingsOf } from '../../../../src/plist/chameleon/settings.js';
import { checkConfig, fixConfig } from '../../../../src/plist/opencore/index.js';
import { buildPlist, type PlistValue, parsePlist } from '../../../../src/plist/plist.js';
import { parseCatalogue } from '../../../../src/remote/catalogue.js';
import { parseDistribution } from '../../../../src/remote/distribution.js';
import { scratch } from '../../../helpers/judges/tool.js';
import { BROKEN } from '../../../plist/chameleon/broken.js';
import type { Sample } from '../mutate.js';
import type { Reader } from '../readers.js';

const text = (name: string, bytes: string | Uint8Array): Sample => ({ name, bytes: Buffer.from(bytes as string) });

const VALUE: PlistValue = {
  'resource-fork': { blkx: [{ Attributes: '0x0050', Data: Uint8Array.from({ length: 60 }, (_, i) => i), ID: '0' }] },
  ProductVersion: '10.10.5',
  numbers: [1, -7, 1.5, 4_294_967_296, true, false],
  date: new Date('2014-10-16T01:02:03Z'),
  Ümlaut: 'ä & <b>',
};

function binary(): Sample {
  const bytes = Uint8Array.from(buildBinary(VALUE as Parameters<typeof buildBinary>[0]));
  return {
    name: 'binary',
    bytes,
    hot: [
      [bytes.length - 32, 32],
      [0, 60],
      [bytes.length - 64, 32],
    ],
  };
}

const MANIFEST = JSON.stringify({
  schema: 1,
  tool: 'osx-iso 1.0.0',
  engine: 'native',
  source: { kind: 'app', version: '10.10.5', build: '14F27', known: { signature: 'expired' } },
  iso: { size: 512, sha256: '0'.repeat(64) },
  boot: { memory: 2048, kernel: '/System/Library/Kernels/kernel' },
  facts: { checks: [{ name: 'kernel', ok: true, text: 'x' }] },
});

const CATALOGUE = buildPlist({
  Products: {
    '061-1': {
      PostDate: new Date(0),
      ExtendedMetaInfo: { InstallAssistantPackageIdentifiers: { OSInstall: 'com.apple.mpkg.OSInstall' } },
      Packages: ['InstallESDDmg.pkg', 'BaseSystem.dmg', 'BaseSystem.chunklist'].map((name) => ({
        URL: `http://example.org/x/${name}`,
        Size: 1000,
        IntegrityDataURL: 'http://example.org/x/i',
        IntegrityDataSize: 100,
      })),
      Distributions: { English: 'http://example.org/x/English.dist' },
    },
  },
});
const DISTRIBUTION = `<?xml version="1.0"?>
<installer-gui-script minSpecVersion="2"><auxinfo><dict><key>BUILD</key><string>17G66</string><key>VERSION</key><string>10.13.6</string></dict></auxinfo></installer-gui-script>`;

const IMAGE = fromBytes(
  Uint8Array.from({ length: 2500 }, (_, i) => i),
  'BaseSystem.dmg',
);

let folder: string | undefined;
/** A file of the host, which takes its readers through everything that a user's file goes through. */
function onDisk(name: string, bytes: Uint8Array): string {
  folder ??= scratch('fuzz');
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

export const textReaders: readonly Reader[] = [
  {
    name: 'plist',
    weight: 2,
    samples: () => [binary(), binary(), text('XML', buildPlist(VALUE))],
    read({ bytes }) {
      parsePlist(bytes, 'x.plist');
    },
  },
  {
    name: "boot loader's plist",
    weight: 2,
    samples: () => [...BROKEN.map(({ what, file }) => text(what, file)), binary()],
    async read({ bytes }) {
      checkBootPlist(bytes, 'org.chameleon.Boot.plist');
      let fault: unknown;
      for (const read of [fixBootPlist, settingsOf]) {
        try {
          read(bytes, 'org.chameleon.Boot.plist');
        } catch (error) {
          fault = error;
        }
      }
      if (fault) throw fault;
    },
  },
  {
    name: "OpenCore's config",
    weight: 2,
    samples: async () => [text('default', (await templateFile('opencore', 'default')).bytes), binary()],
    async read({ bytes }) {
      checkConfig(bytes, 'config.plist');
      fixConfig(bytes, 'config.plist');
    },
  },
  {
    name: 'chunklist',
    samples: async () => {
      const list = await chunkUp(IMAGE, 1000);
      const signed = writeChunklist(list, () => Buffer.alloc(256, 7));
      return [
        { name: 'signed', bytes: signed, hot: [[0, 40]] },
        { name: 'bare', bytes: writeChunklist(list), hot: [[0, 40]] },
      ];
    },
    async read({ bytes }) {
      const list = parseChunklist(bytes, 'BaseSystem.chunklist');
      verifySignature(list);
      const verifier = new ChunkVerifier(list, IMAGE.name);
      verifier.update(await IMAGE.read(0, IMAGE.size));
      verifier.finish();
    },
  },
  {
    name: 'manifest',
    samples: () => [text('manifest', MANIFEST)],
    async read({ bytes, signal }) {
      const iso = onDisk('y.iso', new Uint8Array(512));
      onDisk('y.iso.json', bytes);
      await verifyFile(iso, { signal });
      await examineMedium(iso, { force: true, signal });
    },
  },
  {
    name: 'journal of a run',
    samples: () => [
      text(
        'journal',
        `{"schema":1,"host":"h","pid":7,"started":"x"}\n{"id":"1","record":{"kind":"folder","path":"/tmp/x"}}\n{"done":"1"}\n`,
      ),
    ],
    async read({ bytes }) {
      onDisk('run.journal', bytes);
      await readJournals(folder!);
    },
  },
  {
    name: 'catalogue',
    samples: () => [text('catalogue', CATALOGUE)],
    read({ bytes }) {
      parseCatalogue(bytes, new URL('http://example.org/index.sucatalog'), 'catalogue');
    },
  },
  {
    name: 'distribution',
    samples: () => [text('distribution', DISTRIBUTION)],
    read({ bytes }) {
      parseDistribution(bytes, 'English.dist');
    },
  },
  {
    name: 'NBD',
    samples: () => [
      { name: 'greeting', bytes: Buffer.from('4e42444d4147494349484156454f50540003', 'hex') },
      { name: 'reply', bytes: Buffer.from('0003e889045565a900000007000000030000000c', 'hex') },
      { name: 'answer', bytes: Buffer.from('67446698000000000000000000000102', 'hex') },
    ],
    read({ bytes }) {
      const exactly = (size: number) => Buffer.concat([bytes, Buffer.alloc(size)]).subarray(0, size);
      const parts = [
        () => checkGreeting(exactly(GREETING_SIZE), 'disk'),
        () => decodeOptionReply(exactly(OPTION_REPLY_SIZE), 'disk'),
        () => decodeInfo(bytes, 'disk'),
        () => decodeReply(exactly(REPLY_SIZE), 'disk'),
      ];
      for (const part of parts) {
        try {
          part();
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
        }
      }
    },
  },
];
