import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type ByteSource, fromBytes } from '../../../src/formats/bytes.js';
import { openUdif } from '../../../src/formats/udif/open.js';

/** A fixture's bytes; `.gz` is unpacked. */
export function fixtureBytes(name: string): Uint8Array {
  const bytes = readFileSync(new URL(`../../fixtures/udif/${name}`, import.meta.url));
  return Uint8Array.from(name.endsWith('.gz') ? gunzipSync(bytes) : bytes);
}

export function fixture(name: string): ByteSource {
  return fromBytes(fixtureBytes(name), name.replace(/\.gz$/, ''));
}

/** A fixture as UDIF image. */
export async function openFixture(name: string) {
  const image = await openUdif(fixture(name));
  if (image === undefined) throw new Error(`${name} is no UDIF image`);
  return image;
}

const five = '0786ad1fdcba31a3f03ee80eb1d6e8c7ee2f4647a2b4b6f1855c9fe0719784de';
const ronin = 'a99720a126a9e6bcbfb7b7b97771942e3f90ce197d507d4b4b1aee588d111f21';

/** What each image decodes to, from the list that came with the fixtures (7-Zip's decoding), and what its trailer says. */
export const IMAGES: readonly { file: string; bytes: number; sha256: string; format: string; variant: number }[] = [
  ['brew-container.dmg', 2327552, 'c29a633edae75e46c02e311e2af5df472a3299ff3a672963f3457076e98ec8d8', 'UDZO', 1],
  ['dfvfs-hfsplus_zlib.dmg', 1954304, 'c86d3616818e175caca2f6022f49e190e5b1cfe39b2e8f9373119e22aa7eaf58', 'UDZO', 1],
  ['keramics-adc.dmg', 1964032, 'd27324bc2d352649e8ca2733c48e2730fa09cb0970086c1bc71e534e215a3e99', 'UDCO', 1],
  ['keramics-bzip2.dmg', 1964032, 'b918c2606696b5067dcc4297ba5b08b2573dfeaf737a44f1110f27a10a3d4a0c', 'UDBZ', 1],
  ['keramics-lzfse.dmg', 1964032, '5f3091e9c5698a1de3006f3dba629b60c0c88585d0202f1b65cfdca876848aa9', 'ULFO', 1],
  ['keramics-lzma.dmg', 1964032, 'b144d0fedfa63d6c4dfa65904bca85fda67aa40b166f1d147ef5de28b7db8bc8', 'ULMO', 1],
  ['keramics-zlib.dmg', 1964032, 'd3fc84894c6a387275cd71087096268873031221db7fd29647de4ddad88316ad', 'UDZO', 1],
  ['ronin-bzip2.dmg', 4194304, ronin, 'UDBZ', 1],
  ['ronin-lzma.dmg', 4194304, ronin, 'ULMO', 1],
  ['ronin-zlib.dmg', 4194304, ronin, 'UDZO', 1],
  ['sparkle-app.dmg', 9437184, 'c45a5fd694b67ef971fd3543a5c27384b223b3a24d6510135e60a9da11dbf2c5', 'UDBZ', 1],
  ['sparkle-pkg.dmg', 6291456, '634ffe8a67cec1f85c1e1b84fa1ed6f4dadd6f14f31131558b935a2c2e197d88', 'ULMO', 1],
  ['udif-adc.dmg', 5242880, five, 'UDCO', 1],
  ['udif-bz2.dmg', 5242880, five, 'UDBZ', 1],
  // The name misleads: it is not encrypted.
  ['udif-encrypted.dmg', 9379840, '7adf6e58e93f35e9506964c4b672a8f539e6de6963c62d89d64641f16eec55c9', 'UDZO', 2],
  // The name misleads: it has no GPT.
  ['udif-gpt.dmg', 9379840, '8a091a4d2f9ad790315d88e3666d81c71a674736e827e0b8410eb257d0a38724', 'UDZO', 2],
  ['udif-lzfse.dmg', 5242880, five, 'ULFO', 1],
  ['udif-raw-in-udif.dmg', 5242880, five, 'UDRO', 1],
  ['udif-rawdisk.dmg', 2342912, '2deccfded5012b341726df88ea00d71e4ac6b8fbf93bf157885269b42d61b910', 'UDRO', 2],
  ['udif-zlib-compressed.dmg', 9400320, '308bcbc833f18ef17c01a3e6798c6de475329710168bd5d3d1cf89f9501b8930', 'UDZO', 2],
  ['udif-zlib.dmg', 5242880, five, 'UDZO', 1],
].map(([file, bytes, sha256, format, variant]) => ({ file, bytes, sha256, format, variant }) as never);
