import { describe, expect, it } from 'vitest';
import { type HostFacts, preflight, problemsError } from '../../src/preflight/index.js';

const GB = 1e9;
const mac = (facts: Partial<HostFacts> = {}): HostFacts => ({
  platform: 'darwin',
  euid: 0,
  macosVersion: async () => '10.15.7',
  freeSpace: async () => 100 * GB,
  volumeOf: async () => 1,
  refusal: async () => undefined,
  ...facts,
});
const needs = {
  engine: 'hdiutil',
  output: '/Users/me/x.iso',
  scratch: '/Users/me',
  bytes: 7 * GB,
  argv: ['build', '--app', 'A b.app'],
} as const;
const { scratch: _none, ...nativeNeeds } = { ...needs, engine: 'native' as const };

describe('checks before anything is touched', () => {
  it('finds nothing wrong with a good Mac, nor with Linux and the native engine', async () => {
    expect(await preflight(needs, mac())).toEqual([]);
    expect(
      await preflight(nativeNeeds, mac({ platform: 'linux', euid: 1000, macosVersion: async () => undefined })),
    ).toEqual([]);
  });

  it('macOS too old, and versions that are not', async () => {
    const [problem] = await preflight(needs, mac({ macosVersion: async () => '10.9.5' }));
    expect(problem).toMatchObject({ message: expect.stringMatching(/macOS 10\.9\.5.*10\.15/) });
    for (const version of ['10.15', '11.0', '14.3.1', '27.0', undefined])
      expect(await preflight(needs, mac({ macosVersion: async () => version }))).toEqual([]);
  });

  it('root, with why, the command to type, and the way out', async () => {
    const [problem] = await preflight(needs, mac({ euid: 501 }));
    expect(problem?.message).toMatch(/only root can keep the owners/);
    expect(problem?.hint).toMatch(/^Type: sudo osx-iso build --app 'A b\.app'\n.*--engine native/);
  });

  it('space: on one volume what is needed adds up, on two it does not', async () => {
    const little = { freeSpace: async () => 10 * GB };
    const [problem] = await preflight(needs, mac(little));
    expect(problem?.message).toBe('/Users/me: expected 14.00 GB free for the ISO and scratch files, found 10.00 GB.');
    expect(problem?.hint).toMatch(/-o FILE or --work-dir DIR/);
    const apart = { ...little, volumeOf: async (folder: string) => folder.length };
    expect(await preflight({ ...needs, scratch: '/Volumes/Big' }, mac(apart))).toEqual([]);
    expect(await preflight(nativeNeeds, mac(little))).toEqual([]);
    const kept = { folder: '/Users/me/kept', bytes: 5 * GB };
    expect(await preflight({ ...nativeNeeds, kept }, mac(little))).toEqual([
      {
        message: '/Users/me: expected 12.00 GB free for the ISO and the installer, found 10.00 GB.',
        hint: 'Make room, or give another place with -o FILE or --save DIR.',
      },
    ]);
  });

  it.each(['/Users/me/Desktop', '/Users/me/Documents/vm', '/Users/me/Downloads', '/Volumes/Stick'])(
    'Full Disk Access, for %s: explained',
    async (folder) => {
      const facts = mac({ refusal: async (path) => (path === folder ? 'EPERM' : undefined) });
      const [problem] = await preflight({ ...needs, output: `${folder}/x.iso` }, facts);
      expect(problem?.message).toMatch(/guarded by macOS.*not even as root/);
      expect(problem?.hint).toMatch(/Full Disk Access.*\n.*-o FILE/);
    },
  );

  it('a folder that is not ours is not explained away with Full Disk Access', async () => {
    const [problem] = await preflight(needs, mac({ refusal: async () => 'EACCES' }));
    expect(problem).toEqual({ message: '/Users/me cannot be written to.', hint: 'Give another place with -o FILE.' });
  });

  it('reports everything at once, each with what to type', async () => {
    const bad = mac({
      euid: 501,
      macosVersion: async () => '10.9',
      freeSpace: async () => 0,
      refusal: async () => 'EROFS',
    });
    const problems = await preflight(needs, bad);
    expect(problems).toHaveLength(4);
    const error = problemsError(problems);
    expect(error.exitCode).toBe(4);
    // Each with what to type right below it.
    expect(error.message).toMatch(
      /^4 things are in the way:\n\n1\. .*\n[\s\S]*\n\n2\. .*\n {3}Type: sudo osx-iso[\s\S]*\n\n3\. .*\n[\s\S]*\n\n4\. /,
    );
    expect(problemsError(problems.slice(1, 2)).message).toBe(problems[1]!.message);
  });
});
