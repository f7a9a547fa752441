import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeKernel } from '../../scripts/installer/kernel.js';
import { openDisk, openVolume } from '../../src/formats/disk.js';
import { openHostFile } from '../../src/host/host-file.js';
import { build } from '../../src/iso/build.js';
import { type BuildOptions, planBuild } from '../../src/iso/plan.js';
import { verifyFile } from '../../src/iso/verify-file.js';
import { buildBootPlist } from '../../src/plist/chameleon/boot-plist.js';
import { settingsOf } from '../../src/plist/chameleon/settings.js';
import { LONG, points } from '../helpers/long.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';
import { sha256 } from '../helpers/tree-snapshot.js';

let counter = 0;
const signal = new AbortController().signal;

async function built(app: string, more: Partial<BuildOptions> = {}) {
  const folder = join(testFolder(), `built-${counter++}`);
  await mkdir(folder);
  const options = { app, output: folder, ...more };
  const plan = await planBuild(options);
  return { folder, ...(await build(plan, options, { signal, emit: () => undefined })) };
}

describe('build', () => {
  it('leaves the ISO and its manifest, and nothing else; the source is as it was', async () => {
    const app = await smallInstaller();
    const esd = join(app, 'Contents/SharedSupport/InstallESD.dmg');
    const before = { ...(await stat(esd)), bytes: (await readFile(esd)).length };
    const { folder, iso, manifest } = await built(app);
    expect((await readdir(folder)).sort()).toEqual(['Install OS X Yosemite.iso', 'Install OS X Yosemite.iso.json']);
    const after = await stat(esd);
    expect([after.mtimeMs, after.size]).toEqual([before.mtimeMs, before.size]);

    const file = await openHostFile(iso);
    expect(manifest.iso).toMatchObject({ size: file.size, sha256: await sha256(file), map: 'apm' });
    await file.close();
    expect(manifest.source).toMatchObject({ kind: 'app', version: '10.10.5' });
    expect(manifest.facts).toMatchObject({
      chunklist: { signature: 'absent' },
      kernel: { path: '/System/Library/Kernels/kernel' },
    });
    expect(manifest.steps.map((step) => step.verb)).toContain('convert');
    expect(JSON.parse(await readFile(`${iso}.json`, 'utf8'))).toEqual(JSON.parse(JSON.stringify(manifest)));
    expect((await verifyFile(iso, { signal })).checks.filter((check) => !check.ok)).toEqual([]);
  });

  const bases = [
    ['without a partition map', { baseMap: 'none' }],
    ['with a GUID partition table', { baseMap: 'gpt' }],
    ['that is HFSX', { baseVolume: 'hfsx' }],
    ['with a clean journal', { baseJournal: 'clean' }],
    ['without the Packages link', { packagesLink: 'missing' }],
  ] as const;
  for (const [what, faults] of points(bases, 1)) {
    it(`takes a BaseSystem ${what}`, async () => {
      const { iso, manifest } = await built(await smallInstaller(faults));
      expect(manifest.iso.map).toBe('apm');
      expect((await verifyFile(iso, { signal })).ok).toBe(true);
    });
  }

  for (const payload of points(['gzip', 'bzip2'] as const, 1)) {
    it.runIf(LONG)(`takes a kernel from a ${payload} payload`, async () => {
      const { manifest } = await built(await smallInstaller({ payload }));
      expect(manifest.facts).toMatchObject({ kernel: { format: 'a Mach-O kernel for x86_64' } });
    });
  }

  it.runIf(LONG)('takes a folder with InstallESD.dmg, and InstallESD.dmg itself', async () => {
    const esd = join(await smallInstaller(), 'Contents/SharedSupport/InstallESD.dmg');
    const folder = join(testFolder(), 'folder');
    await mkdir(folder);
    await copyFile(esd, join(folder, 'InstallESD.dmg'));
    const fromFolder = await built(folder);
    const fromFile = await built(esd);
    expect([fromFolder.manifest.source.kind, fromFile.manifest.source.kind]).toEqual(['folder', 'dmg']);
    expect(fromFile.iso).toMatch(/Install OS X Yosemite\.iso$/);
  });

  it('takes another kernel', async () => {
    const kernel = join(testFolder(), 'my-kernel');
    const bytes = makeKernel({ nonce: 'other', bits: 32 });
    await writeFile(kernel, bytes);
    const { iso } = await built(await smallInstaller({ kernel: 'missing' }), { kernel });
    const file = await openHostFile(iso);
    const { volume } = await openVolume(await openDisk(file));
    const found = await volume.file(['System', 'Library', 'Kernels', 'kernel']);
    expect(Buffer.compare(await found!.read(0, found!.size), bytes)).toBe(0);
    await file.close();
  });

  it("puts Chameleon's plist on it: the release's, changed, another, none; and what else is for /Extra", async () => {
    const app = await smallInstaller();
    const extra = join(testFolder(), 'extra');
    await mkdir(join(extra, 'Extensions'), { recursive: true });
    await writeFile(join(extra, 'smbios.plist'), '<plist/>');
    const mine = join(testFolder(), 'mine.plist');
    await writeFile(mine, buildBootPlist({ Timeout: '9', 'Kernel Flags': '-x' }));
    const settings = async (more: Partial<BuildOptions>) => {
      const { iso } = await built(app, more);
      const file = await openHostFile(iso);
      const { volume } = await openVolume(await openDisk(file));
      const plist = await volume.file(['Extra', 'org.chameleon.Boot.plist']);
      const text = plist && settingsOf(await plist.read(0, plist.size), 'plist');
      const names = [];
      for await (const { path } of volume.walk(['Extra'])) names.push(path.join('/'));
      await file.close();
      return { text, names };
    };
    const template = { Timeout: '5', 'Graphics Mode': '1280x1024x32', Kernel: '/System/Library/Kernels/kernel' };
    expect((await settings({})).text).toEqual(template);
    const changed = await settings({ set: ['Kernel Flags=-v'], unset: ['Kernel'], extra });
    expect(changed.text).toEqual({ Timeout: '5', 'Graphics Mode': '1280x1024x32', 'Kernel Flags': '-v' });
    expect(changed.names).toContain('Extra/smbios.plist');
    expect(changed.names).toContain('Extra/Extensions');
    expect((await settings({ plist: mine })).text).toEqual({ Timeout: '9', 'Kernel Flags': '-x' });
    expect(await settings({ plist: 'none' })).toEqual({ text: undefined, names: [] });
    for (const wrong of [
      { set: ['Timout=5'] },
      { set: ['Timeout=0'] },
      { set: ['nonsense'] },
      { set: ['Kernel=mach_kernel'] },
      { extra: '/nowhere' },
    ]) {
      await expect(planBuild({ app, ...wrong })).rejects.toMatchObject({ exitCode: 2 });
    }
    await writeFile(mine, '<dict><key>Timeout</key><integer>5</integer></dict>');
    await expect(planBuild({ app, plist: mine })).rejects.toMatchObject({ exitCode: 5 });
  });

  it('replaces an existing ISO only with force, and then whole', async () => {
    const app = await smallInstaller();
    const { iso } = await built(app);
    await writeFile(iso, 'old');
    await expect(planBuild({ app, output: iso })).rejects.toMatchObject({ exitCode: 2 });
    const options = { app, output: iso, force: true };
    await build(await planBuild(options), options, { signal, emit: () => undefined });
    expect((await verifyFile(iso, { signal })).ok).toBe(true);
  });

  it('says what is wrong with an ISO that was changed afterwards', async () => {
    const { iso } = await built(await smallInstaller());
    const bytes = await readFile(iso);
    const at = bytes.indexOf(Buffer.from('ProductBuildVersion'));
    expect(at).toBeGreaterThan(0);
    bytes[at] = 0x58;
    await writeFile(iso, bytes);
    const report = await verifyFile(iso, { signal });
    const failed = report.checks.filter((check) => !check.ok).map((check) => check.name);
    expect(failed).toEqual(['release', 'manifest']);
  });

  it('says where nobody knows what the bytes should be: structures prove themselves, contents do not', async () => {
    const { iso } = await built(await smallInstaller());
    await rm(`${iso}.json`);
    const { ok, checks } = await verifyFile(iso, { signal });
    const notProved = { name: 'contents', ok: true, severity: 'warning', text: 'not compared, no manifest beside it' };
    expect([ok, checks.at(-1)]).toEqual([true, notProved]);
  });
});
