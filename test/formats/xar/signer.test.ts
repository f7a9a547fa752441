import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../src/formats/bytes.js';
import { openXar } from '../../../src/formats/xar/index.js';
import { signerOf } from '../../../src/formats/xar/signer.js';
import { signerOnMedium } from '../../../src/source/witnesses.js';

const fixture = (name: string) =>
  fromBytes(readFileSync(new URL(`../../fixtures/packages/${name}`, import.meta.url)), name);

describe('who signed an archive', () => {
  it('stands in its own certificates, with the first day on which one of them is over', async () => {
    const { signer } = await openXar(fixture('goxar-payload.xar'));
    expect(signer).toMatchInlineSnapshot(`
      {
        "name": "Mikkel Krautz",
        "validUntil": "2012-03-29T06:59:24.000Z",
      }
    `);
  });

  it('is nobody where there is no certificate, or none that can be read', async () => {
    expect((await openXar(fixture('mackyle-demo.xar'))).signer).toBeUndefined();
    expect(signerOf([])).toBeUndefined();
    expect(signerOf([Buffer.from('no certificate')])).toBeUndefined();
  });

  it('is read from the package the installer itself looks at, wherever that lies', async () => {
    const signed = fixture('goxar-payload.xar');
    for (const at of ['Packages/OSInstall.mpkg', 'System/Installation/Packages/OSInstall.mpkg']) {
      const volume = { file: async (path: readonly string[]) => (path.join('/') === at ? signed : undefined) };
      expect(await signerOnMedium(volume)).toEqual((await openXar(signed)).signer);
    }
    const damaged = { file: async () => fromBytes(new Uint8Array(100), 'damaged') };
    expect(await signerOnMedium(damaged)).toBeUndefined();
    expect(await signerOnMedium({ file: async () => undefined })).toBeUndefined();
  });
});
