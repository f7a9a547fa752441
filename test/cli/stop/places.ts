import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBytes } from '../../../src/formats/bytes.js';
import { diskFile, guestVolume, inMap } from '../../guest-disk/disks.js';
import { type BuiltIso, buildIso } from '../../helpers/built-iso.js';
import { startServer, type TestServer } from '../../helpers/http-server.js';
import { top } from '../../helpers/imports.js';
import { scratch } from '../../helpers/judges/tool.js';
import { makeMultibootStub } from '../../launch/multiboot-stub.js';
import { qcow2 } from '../../vm-disk/images.js';

/** What commands are given that are going to be told to stop. */
export interface Places {
  readonly folder: string;
  readonly built: BuiltIso;
  /** An ISO without a manifest. */
  readonly iso: string;
  readonly disk: string;
  readonly qcow2: string;
  /** A folder of programs that do not answer, nor hear SIGINT: qemu-img (but of an image it tells), qemu-nbd, and a QEMU, `qemu`. */
  readonly deaf: string;
  /** A QEMU whose guest runs until it is told to stop. */
  readonly qemu: string;
  readonly osk: string;
  readonly loader: string;
  /** Has /x.dmg, of which a hundred bytes come, and says nothing about anything else. */
  readonly server: TestServer;
  /** What OSX_ISO_OFFERS is set to: 10.10 is /x.dmg, and there is a catalogue. */
  readonly offers: string;
  /** A line each time one of the programs, or the server, is asked. */
  readonly said: string;
}

export async function makePlaces(): Promise<Places> {
  const folder = scratch('stop');
  const said = join(folder, 'said');
  const built = await buildIso({ scale: 0.0001 });
  const iso = join(folder, 'alone.iso');
  copyFileSync(built.iso, iso);
  const disk = diskFile(folder, inMap(await guestVolume(), 'apm'), 'raw');
  const image = join(folder, 'small.qcow2');
  writeFileSync(image, qcow2({ size: 512 }));
  const [osk, loader] = [join(folder, 'osk'), join(folder, 'boot')];
  writeFileSync(osk, 'x'.repeat(64), { mode: 0o600 });
  writeFileSync(loader, makeMultibootStub('x'));
  const deaf = join(folder, 'deaf');
  makeDeaf(deaf, said);
  const { server, offers } = await makeServer(folder, said);
  return { folder, built, iso, disk, qcow2: image, deaf, qemu: makeQemu(folder), osk, loader, server, offers, said };
}

function makeDeaf(folder: string, said: string): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"type": "commonjs"}');
  const program = (name: string, code: string) =>
    writeFileSync(
      join(folder, name),
      `#!${process.execPath}
process.on('SIGINT', () => {});
const wait = () => {
  require('node:fs').appendFileSync(${JSON.stringify(said)}, '${name} waits\\n');
  setInterval(() => {}, 1e6);
};
${code}
`,
      { mode: 0o755 },
    );
  // What it says of an image is what there is to say; OSX_ISO_MUTE: not even that.
  const info = "JSON.stringify([{ 'virtual-size': 512, filename: process.argv.at(-1), format: 'qcow2' }])";
  program(
    'qemu-img',
    `if (process.argv[2] === 'info' && !process.env.OSX_ISO_MUTE) console.log(${info}); else wait();`,
  );
  const socket = "process.argv.find((word) => word.startsWith('--socket=')).slice(9)";
  program('qemu-nbd', `require('node:net').createServer(() => {}).listen(${socket}, wait);`);
  program('qemu', 'wait();');
}

function makeQemu(folder: string): string {
  const path = join(folder, 'qemu');
  const guest = join(top, 'test', 'launch', 'fake-qemu.mjs');
  const script = `#!/bin/sh
case "$*" in
  --version) echo 'QEMU emulator version 8.2.0';;
  '-device help') printf 'name "%s", bus x\\n' isa-applesmc ide-hd e1000-82545em;;
  '-accel help') printf 'Accelerators:\\ntcg\\n';;
  '-machine q35,help') printf '  vmport=<x>\\n';;
  '-netdev help') printf 'Available netdev backend types:\\nuser\\n';;
  *) exec '${process.execPath}' '${guest}' "$@";;
esac
`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

async function makeServer(folder: string, said: string) {
  const big = fromBytes(new Uint8Array(8 << 20), 'x.dmg');
  const server = await startServer([['/x.dmg', big]], {
    fault: (_, { path }) => {
      writeFileSync(said, 'the server waits\n', { flag: 'a' });
      return path === '/x.dmg' ? { kind: 'stall', after: 100 } : { kind: 'silent' };
    },
  });
  const offers = join(folder, 'offers.json');
  const offered = { version: '10.10.5', build: '14F27', size: big.size, urls: [server.url('/x.dmg')] };
  writeFileSync(offers, JSON.stringify({ images: [offered], catalogue: server.url('/catalogue') }));
  return { server, offers };
}
