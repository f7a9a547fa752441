import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../src/formats/bytes.js';
import { openXar, proveArchive, writeXar, type XarInput } from '../../../src/formats/xar/index.js';
import { patched } from '../../helpers/damage.js';

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/packages/${name}`, import.meta.url));

/** What a proof says of an archive, its bytes shown in parts of `part`. */
async function proved(bytes: Uint8Array, part = 1000): Promise<string> {
  const proof = await proveArchive(fromBytes(bytes, 'Test.pkg'));
  for (let at = 0; at < bytes.length; at += part) proof.update(bytes.subarray(at, at + part));
  return proof.finish();
}

async function made(members: readonly XarInput[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await writeXar(members, async (bytes) => {
    parts.push(bytes);
  });
  return Buffer.concat(parts);
}

describe('proveArchive', () => {
  it('proves real archives, one with a signature', async () => {
    expect(await proved(fixture('goxar-payload.xar'), 777)).toBe('9 members, the signature matches its certificate');
    expect(await proved(fixture('munkitools.pkg'), 1 << 20)).toMatch(/^\d+ members$/);
    expect(await proved(fixture('sparkle-test.pkg'))).toMatch(/^\d+ members$/);
  });

  it('has large members hashed by whom it is given, and says the same', async () => {
    const content = (length: number) => fromBytes(Buffer.alloc(length, 'large or small '), 'x');
    const bytes = await made([
      { name: 'large', content: content(300_000) },
      { name: 'small', content: content(3000) },
    ]);
    const begun: string[] = [];
    const elsewhere = (algorithm: string) => {
      begun.push(algorithm);
      const hash = createHash(algorithm);
      return { update: (part: Uint8Array) => void hash.update(part), hex: async () => hash.digest('hex') };
    };
    const say = async (shown: Uint8Array) => {
      const proof = await proveArchive(fromBytes(bytes, 'Test.pkg'), elsewhere);
      for (let at = 0; at < shown.length; at += 100_000) proof.update(shown.subarray(at, at + 100_000));
      return proof.finish();
    };
    expect(await say(bytes)).toBe(await proved(bytes));
    expect(begun).toEqual(['sha1']);
    for (const [at, name] of [
      [bytes.length - 200_000, 'large'],
      [bytes.length - 10, 'small'],
    ] as const) {
      const damaged = patched(bytes, at, Uint8Array.of(bytes[at]! ^ 1));
      await expect(say(damaged)).rejects.toThrow(`archived checksum of xar member ${name}`);
    }
  });

  it('members that are one place twice count once', async () => {
    const content = fromBytes(Buffer.from('x'.repeat(3000)), 'x');
    expect(
      await proved(
        await made([
          { name: 'a', content },
          { name: 'b', content },
        ]),
      ),
    ).toBe('2 members');
  });

  it('a bit flipped anywhere in a real signed archive is found, but where nothing lies', async () => {
    const bytes = fixture('goxar-payload.xar');
    const archive = await openXar(fromBytes(bytes, 'x'));
    const covered = archive.members.map(({ offset, length }) => [
      archive.heap + offset,
      archive.heap + offset + length,
    ]);
    const first = archive.heap + 20 + 256; // checksum and signature
    let random = 1;
    let empty = 0;
    for (let i = 0; i < 200; i++) {
      random = (random * 48_271) % 0x7fff_ffff;
      // Every fourth in the front, where the tables and the signature are.
      const at = random % (i % 4 === 0 ? first : bytes.length);
      const flipped = patched(bytes, at, Uint8Array.of(bytes[at]! ^ (1 << (random % 8))));
      const nothing = at >= first && !covered.some(([from, to]) => at >= from! && at < to!);
      if (nothing) empty++;
      const outcome = await proved(flipped, 1 << 20).catch((error: Error) => error.name);
      expect([at, outcome]).toEqual([at, nothing ? expect.stringContaining('9 members') : 'FormatError']);
    }
    // Members lie side by side in it: no byte carries nothing.
    expect(empty).toBe(0);
  });

  it('says which member', async () => {
    const bytes = await made([{ name: 'Payload', content: fromBytes(Buffer.alloc(5000, 1), 'p') }]);
    await expect(proved(patched(bytes, bytes.length - 10, 'X'))).rejects.toThrow(
      'Test.pkg: archived checksum of xar member Payload',
    );
  });
});
