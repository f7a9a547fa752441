import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { list } from '../../src/cli/commands/list.js';
import type { Context } from '../../src/cli/context.js';
import { fromBytes } from '../../src/formats/bytes.js';
import * as osx from '../../src/index.js';
import { startServer } from '../helpers/http-server.js';
import { top } from '../helpers/imports.js';
import { offerCatalogue, writeOffers } from '../helpers/offers.js';
import { checkedLines } from '../helpers/schemas.js';

/** What the program prints of it, by its schemas. */
async function printed(...argv: string[]) {
  const { stdout } = await promisify(execFile)(process.execPath, [join(top, 'bin', 'osx-iso.js'), ...argv]);
  return checkedLines(stdout);
}

const folder = mkdtempSync(join(tmpdir(), 'osx-iso-test-'));
afterEach(() => {
  delete process.env.OSX_ISO_OFFERS;
  rmSync(folder, { recursive: true });
});

it('osx-iso list: release, build, size, where from; the same as JSON', async () => {
  const server = await startServer([]);
  try {
    const parts = new Map(
      ['InstallESDDmg.pkg', 'BaseSystem.dmg', 'BaseSystem.chunklist'].map((name) => [
        name,
        fromBytes(new Uint8Array(1000), name),
      ]),
    );
    await offerCatalogue(server, [{ id: '1-2', version: '10.13.6', build: '17G66', parts }]);
    const image = { version: '10.10.5', build: '14F27', size: 5_718_074_248, urls: [server.url('/InstallMacOSX.dmg')] };
    process.env.OSX_ISO_OFFERS = writeOffers(folder, server, [image]);
    const told: { lines: string[]; json: unknown } = { lines: [], json: undefined };
    await list(osx, {}, {
      signal: new AbortController().signal,
      print: (text: string, json: object) => {
        told.lines = text.split('\n');
        told.json = json;
      },
      remark: () => undefined,
    } as unknown as Context);
    const host = new URL(server.origin).host;
    expect(told.lines).toEqual([
      `macOS 10.13.6 High Sierra (17G66)   3.0 kB  ${host}  InstallESDDmg.pkg, BaseSystem.dmg, BaseSystem.chunklist`,
      `OS X 10.10.5 Yosemite (14F27)       5.7 GB  ${host}  InstallMacOSX.dmg`,
    ]);
    const asText = JSON.parse(JSON.stringify(told.json)) as object;
    expect(await printed('list', '--json')).toEqual([{ ...asText, schema: 1 }]);
    expect(told.json).toMatchObject({
      type: 'list',
      installers: [
        { version: '10.13.6', build: '17G66', id: '1-2', parts: [{}, {}, {}] },
        { version: '10.10.5', build: '14F27', parts: [{ size: 5_718_074_248, urls: [image.urls[0]] }] },
      ],
    });
  } finally {
    await server.close();
  }
});
