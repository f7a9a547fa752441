import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fromBytes } from '../../src/formats/bytes.js';
import { startServer } from '../helpers/http-server.js';
import { top } from '../helpers/imports.js';
import { sharedInstaller } from '../helpers/installers.js';
import { writeOffers } from '../helpers/offers.js';
import { releaseFiles } from '../helpers/opencore.js';
import { smallInstaller } from '../helpers/small-installer.js';
import { zipOf } from '../helpers/zip.js';
import { makeMultibootStub } from '../launch/multiboot-stub.js';

/** Where a page's commands are typed, and what a user has by then. */
export interface Prepared {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** `osx-iso` as it is installed. A guest shows nothing and is stopped after two seconds, where the page does not say more of it. */
const PROGRAM = `#!/bin/bash
more=()
case " $* " in
  *" --dry-run "* | *" --help "*) ;;
  " boot "*) more=(--headless --accel tcg --stop-after 2) ;;
esac
exec '${process.execPath}' '${join(top, 'bin/osx-iso.js')}' "$@" "\${more[@]}"
`;

/** Synthetic installers and stand-ins for loaders and the key, under the names that pages use; Apple's servers are one of the tests'. */
export async function prepare(folder: string): Promise<Prepared> {
  const at = (...names: string[]) => join(folder, ...names);
  for (const name of ['bin', 'home', 'tmp']) mkdirSync(at(name), { recursive: true, mode: 0o700 });
  writeFileSync(at('bin', 'osx-iso'), PROGRAM);
  chmodSync(at('bin', 'osx-iso'), 0o755);
  symlinkSync(await smallInstaller(), at('Install OS X Yosemite.app'));
  writeFileSync(at('boot'), makeMultibootStub('OSX-ISO DOCS'));
  writeFileSync(at('osk.txt'), `${'A'.repeat(64)}\n`, { mode: 0o600 });
  const release = [...releaseFiles()].map(([name, bytes]) => ({ name, bytes }));
  writeFileSync(at('OpenCore-1.0.5-RELEASE.zip'), zipOf(release));

  const { app: image } = await sharedInstaller({ release: '10.10', form: 'dmg', scale: 0.0005 });
  const path = `/${basename(image)}`;
  const server = await startServer(new Map([[path, fromBytes(readFileSync(image), basename(image))]]));
  const size = readFileSync(image).length;
  const offers = writeOffers(folder, server, [{ version: '10.10.5', build: '14F27', size, urls: [server.url(path)] }]);
  return {
    folder,
    env: {
      PATH: [at('bin'), dirname(process.execPath), process.env.PATH].join(':'),
      HOME: at('home'),
      TMPDIR: at('tmp'),
      XDG_RUNTIME_DIR: at('tmp'),
      LANG: 'C.UTF-8',
      OSX_ISO_OFFERS: offers,
    },
    close: async () => void (await server.close()),
  };
}
