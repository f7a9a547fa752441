import { describe, expect, it } from 'vitest';
import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { writeCpio } from '../../src/formats/cpio/index.js';
import { HfsVolume } from '../../src/formats/hfsplus/volume.js';
import { emptyVolume, planVolume, StagedVolume } from '../../src/formats/hfsplus/write/index.js';
import { writeXar, type XarInput } from '../../src/formats/xar/index.js';
import { openLayers } from '../../src/inspect/layers.js';
import { unwrap } from '../../src/source/unwrap.js';
import { craftImage, craftTable } from '../formats/udif/craft.js';
import { joined } from '../helpers/damage.js';
import { entry } from '../helpers/entries.js';
import { materialize } from '../helpers/materialize.js';

const member = (name: string, bytes: Uint8Array): XarInput => ({ name, content: fromBytes(bytes, name) });

async function xar(members: readonly XarInput[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await writeXar(members, async (bytes) => {
    parts.push(bytes);
  });
  return Buffer.concat(parts);
}

/** InstallESD's volume as a UDIF image; `before` bytes lie in front of its data fork. */
async function esd(before?: Uint8Array): Promise<Uint8Array> {
  const staged = new StagedVolume(await HfsVolume.open(await emptyVolume({ name: 'OS X Install ESD', created: 1 })));
  await staged.put(entry(['Packages']));
  const bytes = await materialize(await planVolume(staged, { now: 1 }));
  const sectors = bytes.length / 512;
  const runs = [
    { type: 1, sector: 0, sectors, offset: 0, length: bytes.length },
    { type: 0xffffffff, sector: sectors, sectors: 0, offset: 0, length: 0 },
  ];
  return craftImage(bytes, [craftTable(0, sectors, runs)], { sectorCount: sectors, ...(before && { before }) });
}

const FORMS: readonly (readonly [string, string[], () => Promise<Uint8Array>])[] = [
  [
    "a catalogue's InstallESDDmg.pkg, whatever it is named",
    ['pkg'],
    async () => xar([member('InstallESD.dmg', await esd())]),
  ],
  [
    "the App Store's, an archive in front and an image behind",
    [],
    async () => esd(await xar([member('a', Buffer.alloc(900))])),
  ],
  [
    'beside a Payload, stored raw, the last member: the package ends in its koly',
    ['pkg'],
    async () => {
      const inside = [member('Payload', await joined(writeCpio([]))), member('InstallESD.dmg', await esd())];
      return xar([member('Distribution', Buffer.from('x')), { name: 'InstallMacOSX.pkg', children: inside }]);
    },
  ],
  [
    'a package that ends in a koly nobody can read',
    ['pkg'],
    async () => {
      const koly = Buffer.alloc(512);
      koly.write('koly');
      return xar([member('InstallESD.dmg', await esd()), member('end', koly)]);
    },
  ],
];

describe('xar and UDIF in one file', () => {
  it.each(FORMS)('%s', async (_, through, make) => {
    const file: ByteSource = fromBytes(await make(), 'InstallESD.dmg');
    const unwrapped = await unwrap(file, 'InstallESD.dmg');
    expect(unwrapped).toMatchObject({ kind: 'esd', through });
    expect(unwrapped.volume.name).toBe('OS X Install ESD');
    const { layers } = await openLayers(file);
    expect(layers.at(-1)!.kind).toBe(through.length > 0 ? 'package' : 'volume');
  });
});
