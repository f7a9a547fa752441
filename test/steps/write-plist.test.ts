import { describe, expect, it } from 'vitest';
import { Names } from '../../src/core/names.js';
import { Scope } from '../../src/core/scope.js';
import type { Job, RunOptions } from '../../src/core/step.js';
import type { Tree } from '../../src/formats/entry.js';
import { HfsVolume } from '../../src/formats/hfsplus/volume.js';
import { emptyVolume, StagedVolume } from '../../src/formats/hfsplus/write/index.js';
import { readTemplate } from '../../src/guest-disk/templates.js';
import type { ImageTool } from '../../src/image/types.js';
import { openTemplates } from '../../src/iso/boot-plist-choice.js';
import { copyExtra, writePlist } from '../../src/steps/index.js';
import { chameleonReads } from '../helpers/chameleon-reader.js';
import { entry } from '../helpers/entries.js';

const PLACE = 'target:/Extra/org.chameleon.Boot.plist';
const PATH = ['Extra', 'org.chameleon.Boot.plist'];
const SETTINGS = { Timeout: '5', 'Graphics Mode': '1280x1024x32', Kernel: '/System/Library/Kernels/kernel' };

async function job(options: RunOptions = {}, extra?: Tree) {
  const base = await HfsVolume.open(await emptyVolume({ name: 'Target', created: 3_500_000_000 }));
  const volume = new StagedVolume(base);
  const notes: string[] = [];
  const facts: Record<string, unknown> = {};
  const made: Job = {
    tool: {} as ImageTool,
    names: new Names({
      target: { volume },
      templates: { volume: await openTemplates() },
      ...(extra && { extra: { tree: extra } }),
    }),
    scope: new Scope(),
    signal: new AbortController().signal,
    options,
    report: () => {},
    note: (text) => notes.push(text),
    record: (key, value) => {
      facts[key] = value;
    },
  };
  return { job: made, volume, notes, facts };
}

async function read(volume: StagedVolume) {
  const file = await volume.file(PATH);
  return file && chameleonReads(`/${PATH.join('/')}`, await file.read(0, file.size));
}

const tree = (...entries: ReturnType<typeof entry>[]): Tree => ({
  name: 'extra',
  async *walk() {
    yield entry([]);
    yield* entries;
  },
  close: async () => {},
});

describe('writePlist', () => {
  it("writes the release's settings where the loader looks, as root's", async () => {
    const { job: made, volume, facts } = await job();
    await writePlist('templates:/yosemite.plist', PLACE).run(made);
    const config = (await read(volume))!;
    expect(Object.fromEntries([...config.keys].map(([key, value]) => [key, 'value' in value && value.value]))).toEqual(
      SETTINGS,
    );
    expect(await volume.entry(PATH)).toMatchObject({ bsd: { uid: 0, gid: 0, mode: 0o100644 } });
    expect(await volume.entry(['Extra'])).toMatchObject({ kind: 'folder', bsd: { mode: 0o40755 } });
    expect(facts).toEqual({ bootPlist: SETTINGS });
    expect(SETTINGS).toEqual(await readTemplate('yosemite'));
  });

  it('merges what the user wants as data', async () => {
    const { job: made, volume } = await job({
      bootPlist: { set: { Timeout: '1', 'Kernel Flags': '-v' }, unset: ['Kernel'] },
    });
    await writePlist('templates:/yosemite.plist', PLACE).run(made);
    const config = (await read(volume))!;
    expect([config.timeout(), config.getString('Kernel Flags'), config.getString('Kernel')]).toEqual([
      1,
      '-v',
      undefined,
    ]);
  });

  it("takes the user's own plist in the place of the recipe's", async () => {
    const { job: made, volume } = await job({ bootPlist: { base: { Timeout: '9' }, set: { GUI: 'No' } } });
    await writePlist('templates:/yosemite.plist', PLACE).run(made);
    expect([...(await read(volume))!.keys.keys()]).toEqual(['Timeout', 'GUI']);
  });

  it('writes none where none is wanted, and nothing that the loader would misread', async () => {
    const { job: made, volume, notes } = await job({ bootPlist: 'none' });
    await writePlist('templates:/yosemite.plist', PLACE).run(made);
    expect(await volume.entry(['Extra'])).toBeUndefined();
    expect(notes).toEqual(['none wanted']);
    const bad = await job({ bootPlist: { set: { 'Kernel Flags': 'a&b' } } });
    await expect(writePlist('templates:/yosemite.plist', PLACE).run(bad.job)).rejects.toThrow(/entities/);
  });
});

describe('copyExtra', () => {
  it("copies kexts and files as root's, and nothing where nothing is given", async () => {
    const extra = tree(
      entry(['smbios.plist'], { text: '<plist/>' }),
      entry(['Extensions']),
      entry(['Extensions', 'FakeSMC.kext'], {
        bsd: { uid: 1000, gid: 1000, adminFlags: 0, ownerFlags: 0, mode: 0o42777, special: 0 },
      }),
    );
    const { job: made, volume, notes } = await job({}, extra);
    await copyExtra('extra:', 'target:/Extra').run(made);
    await writePlist('templates:/yosemite.plist', PLACE).run(made);
    expect(notes[0]).toBe('3 files and folders');
    expect(await volume.entry(['Extra', 'Extensions', 'FakeSMC.kext'])).toMatchObject({
      bsd: { uid: 0, gid: 0, mode: 0o40755 },
    });
    const seen: string[] = [];
    for await (const { path } of volume.walk(['Extra'])) seen.push(path.join('/'));
    expect(seen.sort()).toEqual([
      'Extra',
      'Extra/Extensions',
      'Extra/Extensions/FakeSMC.kext',
      'Extra/org.chameleon.Boot.plist',
      'Extra/smbios.plist',
    ]);
    const none = await job();
    await copyExtra('extra:', 'target:/Extra').run(none.job);
    expect(none.notes).toEqual(['none given']);
    expect(await none.volume.entry(['Extra'])).toBeUndefined();
  });

  it('refuses a plist among them', async () => {
    for (const name of ['org.chameleon.boot.plist', 'com.apple.Boot.plist']) {
      const { job: made } = await job({}, tree(entry([name], { text: 'x' })));
      await expect(copyExtra('extra:', 'target:/Extra').run(made)).rejects.toMatchObject({
        hint: expect.stringMatching(/--plist FILE/),
      });
    }
  });
});
