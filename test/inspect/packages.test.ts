import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { type CpioInput, writeCpio } from '../../src/formats/cpio/index.js';
import { writeXar, type XarInput } from '../../src/formats/xar/index.js';
import { inspect, readInside } from '../../src/inspect/index.js';
import { appleDouble } from '../helpers/appledouble.js';
import { joined, patched } from '../helpers/damage.js';
import { mixedPbzx } from '../helpers/pbzx.js';
import { testFolder } from '../helpers/small-installer.js';

const { signal } = new AbortController();
const folder = (name: string): CpioInput => ({ name, mode: 0o040755 });
const file = (name: string, data: Buffer): CpioInput => ({ name, mode: 0o100644, size: data.length, data: [data] });
const member = (name: string, bytes: Uint8Array): XarInput => ({ name, content: fromBytes(bytes, name) });

async function made(name: string, members: readonly XarInput[], damage = (bytes: Buffer) => bytes): Promise<string> {
  const parts: Uint8Array[] = [];
  await writeXar(members, async (bytes) => {
    parts.push(bytes);
  });
  const path = join(testFolder(), name);
  await writeFile(path, damage(Buffer.concat(parts)));
  return path;
}

const KERNELS = [
  folder('.'),
  folder('./K'),
  file('./K/f', Buffer.alloc(5000, 'content ')),
  file('./._K', appleDouble({ xattrs: { note: 'of K' } })),
];

describe('inspect takes packages as they are', () => {
  it("a folder's AppleDouble after its content: nothing comes out twice, no ._ file either", async () => {
    const pkg = await made('double.pkg', [member('Payload', gzipSync(await joined(writeCpio(KERNELS))))]);
    expect((await inspect(pkg, { signal })).listing.map(({ path }) => path)).toEqual(['/K']);
    for (const [inside, names] of [
      ['/', ['K']],
      ['/K', ['f']],
    ] as const) {
      const output = join(testFolder(), `double${inside.replace('/', '-')}`);
      await inspect(pkg, { inside, output, signal });
      expect(await readdir(output)).toEqual(names);
    }
  });

  it('a member beside a Payload is at its path, too', async () => {
    const payload = member('Payload', await joined(writeCpio(KERNELS)));
    const children = [member('Bom', Buffer.from('none')), payload, member('notes.txt', Buffer.from('beside'))];
    const pkg = await made('beside.pkg', [{ name: 'Inner.pkg', children }]);
    const { listing } = await inspect(pkg, { inside: '/Inner.pkg/notes.txt', signal });
    expect(listing.map(({ path, size }) => [path, size])).toEqual([['/Inner.pkg/notes.txt', 6]]);
  });

  it('firmware named .dmg is called what it is', async () => {
    const image4 = Buffer.concat([Buffer.from('3082100016044d494d3450', 'hex'), Buffer.alloc(4000)]);
    image4.write('IM4P', 6, 'latin1');
    const payload = await joined(writeCpio([folder('.'), file('./x.dmg', image4)]));
    const pkg = await made('firmware.pkg', [member('Payload', payload)]);
    await expect(inspect(pkg, { inside: '/x.dmg/a', signal })).rejects.toMatchObject({
      message: expect.stringContaining('x.dmg: expected a disk image or a package, found firmware (an Image4 payload'),
    });
  });
});

describe('what does not match its checksum is not handed out', () => {
  it.each([
    ['cpio', (plain: Buffer) => plain],
    ['pbzx', (plain: Buffer) => mixedPbzx(plain, 100_000)],
  ] as const)('of a %s payload', async (form, pack) => {
    const payload = pack(await joined(writeCpio(KERNELS)));
    const flip = (bytes: Buffer) => patched(bytes, bytes.length - payload.length + 700, 'X');
    const pkg = await made(`bad-${form}.pkg`, [member('Payload', payload)], flip);
    const says = expect.stringContaining('checksum of xar member Payload');
    const parts: Uint8Array[] = [];
    const write = async (part: Uint8Array) => void parts.push(part);
    await expect(readInside(pkg, '/K/f', write, { signal })).rejects.toMatchObject({ message: says });
    expect(parts).toEqual([]);
    const output = join(testFolder(), `bad-${form}`);
    await expect(inspect(pkg, { inside: '/K/f', output, signal })).rejects.toMatchObject({ message: says });
    await expect(readFile(output)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('of a member', async () => {
    const pkg = await made('bad.pkg', [member('a.txt', Buffer.from('abc'))], (bytes) =>
      patched(bytes, bytes.length - 1, 'X'),
    );
    const output = join(testFolder(), 'bad-member');
    await expect(inspect(pkg, { inside: '/a.txt', output, signal })).rejects.toMatchObject({
      message: expect.stringContaining('archived checksum of xar member a.txt'),
    });
  });
});
