import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { openHostFile } from '../../src/host/host-file.js';
import { digestInBackground } from '../../src/image/digest.js';
import { Identification } from '../../src/iso/identify.js';
import { aboutChecksum, aboutSigner, baseSystems, installers, published } from '../../src/known/index.js';
import { testFolder } from '../helpers/small-installer.js';

describe('the list', () => {
  it('is whole: sums of the right length, none twice under two names, as many as were published', () => {
    expect([installers.length, baseSystems.length]).toEqual([107, 63]);
    for (const { sha1, sha256, version, build } of [...installers, ...baseSystems]) {
      expect(sha1).toMatch(/^[0-9a-f]{40}$/);
      if (sha256 !== undefined) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(version).toMatch(/^10\.\d+/);
      if (build !== undefined) expect(build).toMatch(/^\d+[A-Z]\d+[a-z]?$/);
    }
    const sums = installers.map(({ sha1 }) => sha1);
    expect(new Set(sums).size).toBe(sums.length);
  });

  it('is found by either sum, in either case', () => {
    const yosemite = { version: '10.10.5', build: '14F27', signature: 'renewed' };
    expect(published('39c52ff92a4c965b4ca4608a1788732165164abb')).toMatchObject(yosemite);
    expect(published('7E02F978556ECDD3C91ECF03C779E4A1402E41CA7EE2A268F96B7CFB8DF6CA79')).toMatchObject(yosemite);
    expect(published('0e063fd87d5b0a4f68dbd35da95b2018748f88eb')).toMatchObject({
      build: '14F27',
      signature: 'expired',
    });
    expect(published('6a86f93295b420836658cb3f6ef3f772d43c3723', baseSystems)).toMatchObject({ build: '19H4' });
    expect(published('f8fa177e4be9a69f87be23b83c30e0c8eedacf5b')).toMatchObject({ version: '10.6.0' });
    expect(published('0'.repeat(40))).toBeUndefined();
  });

  it('knows which certificates expired: those of 10.9 to 10.14 that were not issued again', () => {
    const of = (version: RegExp) =>
      new Set(installers.filter((one) => version.test(one.version) && !one.beta).map(({ signature }) => signature));
    expect(of(/^10\.(5|6|7|8|15)/)).toEqual(new Set([undefined]));
    for (const minor of [9, 10, 11, 12, 13, 14])
      expect(of(new RegExp(`^10\\.${minor}\\.`))).toEqual(new Set(['expired', 'renewed']));
  });
});

describe('what is said', () => {
  it('of an expired one: what to do', () => {
    const { notes } = aboutChecksum('0e063fd87d5b0a4f68dbd35da95b2018748f88eb');
    expect(notes[0]).toMatch(/^Known: OS X 10\.10\.5 Yosemite \(14F27\), by its checksum/);
    expect(notes[1]).toMatch(
      /expired on 2019-10-24.*--clock 2019-10-08.*-rtc base=2019-10-08T00:00:00.*date 100800002019/,
    );
  });

  it('of a signer: until when, and what to do when that is over', () => {
    const signer = { name: 'Software Update', validUntil: '2016-02-14T12:00:00.000Z' };
    expect(aboutSigner(signer, Date.parse('2016-02-14T11:59:59Z'))).toEqual([
      'Signed by "Software Update", valid until 2016-02-14.',
    ]);
    expect(aboutSigner(signer, Date.parse('2016-02-14T12:00:01Z'))[0]).toMatch(
      /^Signed by "Software Update"\. Its certificate expired on 2016-02-14.*--clock 2016-01-29.*date 012900002016/,
    );
  });

  it('of a renewed one, of a beta, of one that nobody published', () => {
    expect(aboutChecksum('39c52ff92a4c965b4ca4608a1788732165164abb').notes[1]).toMatch(/renewed in 2019/);
    expect(aboutChecksum('52f33ce14e6d743b2eddc40ba3c73d3d37e6838a').notes).toEqual([
      expect.stringMatching(/^Known: 10\.13db6, a developer beta/),
    ]);
    expect(aboutChecksum('0'.repeat(40))).toEqual({ notes: [expect.stringMatching(/proves nothing/)] });
  });
});

describe('the checksum, made on the side', () => {
  const bytes = Buffer.alloc(9_000_001, 'an installer ');
  const sha1 = createHash('sha1').update(bytes).digest('hex');
  const { signal } = new AbortController();

  it('of a host file, of bytes, of nothing', async () => {
    const path = join(testFolder(), 'some.dmg');
    await writeFile(path, bytes);
    const file = await openHostFile(path);
    expect(await digestInBackground(file, signal)).toBe(sha1);
    await file.close();
    expect(await digestInBackground(fromBytes(bytes, 'x'), signal)).toBe(sha1);
    expect(await digestInBackground(fromBytes(new Uint8Array(0), 'x'), signal)).toBe(
      'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    );
  });

  it('of a source that can only be read; a failing one is its error', async () => {
    const plain = { name: 'x', size: bytes.length, read: async (at: number, n: number) => bytes.subarray(at, at + n) };
    expect(await digestInBackground(plain, signal)).toBe(sha1);
    const bad = { ...plain, read: () => Promise.reject(new Error('bad sector')) };
    await expect(digestInBackground(bad, signal)).rejects.toThrow('bad sector');
  });

  it('can be stopped, and fails without harm', async () => {
    const endless = { name: 'x', size: 2 ** 50, read: async (_: number, n: number) => new Uint8Array(n) };
    const identification = new Identification(endless, signal);
    await identification.stop();
    // It never rejects: who waits for it has made an ISO that is good all the same.
    expect(await identification.done()).toEqual({ notes: [expect.stringContaining('could not be taken')] });
    await expect(digestInBackground(endless, AbortSignal.abort())).rejects.toThrow();
  });
});
