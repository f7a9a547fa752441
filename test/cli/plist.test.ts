import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFile, guestVolume, inMap } from '../guest-disk/disks.js';
import { chameleonReads } from '../helpers/chameleon-reader.js';
import { ran as run } from '../helpers/command-line.js';
import { scratch } from '../helpers/judges/tool.js';

const NAME = 'org.chameleon.Boot.plist';

const reads = (text: string) => chameleonReads(`/Extra/${NAME}`, Buffer.from(text));

it('shows nothing of a file that a terminal would obey', async () => {
  const file = join(scratch('escapes'), 'a.plist');
  const key = (name: string, value: string) => `<key>${name}</key><string>${value}</string>`;
  writeFileSync(
    file,
    `<plist><dict>\n${key('x\u001b[2Jy', 'z')}\n${key('Timeout', '5\u001b]0;T\u0007\u009b')}\n</dict></plist>\n`,
  );
  for (const group of ['plist', 'opencore']) {
    const { out } = await run(group, 'check', file);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  }
  const { out } = await run('plist', 'check', file);
  expect(out).toContain('Timeout');
});

describe('osx-iso plist', () => {
  it("prints the page's example", async () => {
    const { code, out, err } = await run('plist');
    expect([code, err]).toEqual([0, '']);
    expect(reads(out).timeout()).toBe(5);
    expect(reads(out).getMode('Graphics Mode')).toEqual({ width: 1280, height: 1024, depth: 32 });
  });

  it('takes settings, and refuses those the loader would not read', async () => {
    const { out } = await run(
      'plist',
      '--set',
      'Graphics Mode=1920x1080x32',
      '--set',
      'Timeout=2',
      '--set',
      'Timeout=3',
      '--json',
    );
    const { text } = JSON.parse(out) as { text: string };
    expect(reads(text).timeout()).toBe(3);
    expect(await run('plist', '--set', 'GraphicsMode=1x1x32')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/nearest is "Graphics Mode"/),
    });
    expect(await run('plist', '--unset', 'Timeout')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/wait for ever/),
    });
    expect(await run('plist', '--set', 'GUI=No', '--unset', 'GUI')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/both set and left out/),
    });
    expect(await run('plist', '--template', 'none')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/guest, installer, verbose, yosemite/),
    });
    expect(await run('plist', '--merge')).toMatchObject({ code: 2 });
    expect(await run('plist', '--merge', '--template', 'guest', '-o', 'x')).toMatchObject({ code: 2 });
    expect(await run('plist', '--volume', '/', '--image', 'x')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Only one/),
    });
    expect(await run('plist', '--partition', '2')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/needs --image/),
    });
    expect(await run('plist', '--partition', '0', '--image', 'x')).toMatchObject({ code: 2 });
    expect(await run('plist', '--set', 'Quick=1', '--allow-unknown')).toMatchObject({ code: 0 });
  });

  it('writes a file once', async () => {
    const file = join(scratch('cli'), NAME);
    expect(await run('plist', '-o', file, '--dry-run')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/<plist/),
    });
    expect(existsSync(file)).toBe(false);
    expect(await run('plist', '-o', file)).toMatchObject({ code: 0 });
    expect(await run('plist', '-o', file)).toMatchObject({ code: 2, err: expect.stringMatching(/exists already/) });
    expect(await run('plist', '-o', join(file, 'x', NAME))).toMatchObject({
      code: 2,
      err: expect.not.stringMatching('bug'),
    });
    expect(await run('plist', '-o', join(file, '..', 'no', NAME))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/expected a folder to put it in, found nothing/),
    });
    expect(await run('plist', '-o', file, '--merge', '--set', 'Wait=Yes')).toMatchObject({ code: 0 });
    writeFileSync(file, 'what no loader reads: it is not asked for');
    expect(await run('plist', '-o', file, '--merge')).toMatchObject({ code: 5 });
    expect(await run('plist', '-o', file, '--template', 'verbose', '--force')).toMatchObject({ code: 0 });
    expect(await run('plist', '-o', '/dev/null', '--force', '--dry-run')).toMatchObject({ code: 2 });
    expect(reads(readFileSync(file, 'utf8')).getString('Kernel Flags')).toBe('-v');
  });

  it('writes into an image, and says what', async () => {
    const image = diskFile(scratch('cli'), inMap(await guestVolume(), 'apm'), 'raw');
    const plan = await run('plist', '--template', 'guest', '--image', image, '--dry-run');
    expect(plan).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /partition 2.*"Guest"[\s\S]*add +\/Extra\/org\.chameleon\.Boot\.plist[\s\S]*nothing was/,
      ),
    });
    const { out } = await run('plist', '--template', 'guest', '--image', image, '--json');
    expect(JSON.parse(out)).toMatchObject({
      type: 'plist',
      format: 'raw',
      written: true,
      changes: [
        { what: 'add', path: '/Extra' },
        { what: 'add', path: `/Extra/${NAME}` },
      ],
    });
    expect(await run('plist', '--template', 'guest', '--image', image)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/nothing was written/),
    });
    expect(await run('plist', '--image', join(image, 'x'))).toMatchObject({
      code: 3,
      err: expect.stringMatching(/no such file/),
    });
  });
});

describe('osx-iso plist check', () => {
  it('says what the loader sees, and ends with 5 where that is something else', async () => {
    const folder = scratch('cli');
    const file = join(folder, NAME);
    const broken =
      '<plist version="1.0">\n<dict>\n<key>Timeout</key><integer>5</integer>\n<!-- x -->\n<key>GUI</key><string>No</string></dict></plist>';
    writeFileSync(file, broken);
    const found = await run('plist', 'check', file);
    expect(found.code).toBe(5);
    expect(found.out).toMatch(/:3:19 error: .*<integer>[\s\S]*:4:1 error: .*does not see "GUI"/);
    expect(found.err).toMatch(/2 findings change/);
    const { out } = await run('plist', 'check', file, '--json');
    const [report, error] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(report).toMatchObject({
      ok: false,
      sees: {},
      findings: [
        { line: 3, column: 19, code: 'not-a-string' },
        { line: 4, column: 1 },
      ],
    });
    expect(error).toMatchObject({ type: 'error', exitCode: 5 });
    const other = join(folder, 'other.plist');
    expect(await run('plist', 'check', file, '--fix', '-o', other)).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toBe(broken);
    expect(await run('plist', 'check', file, '--fix')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/corrected[\s\S]*\.bak/),
    });
    expect(readFileSync(`${file}.bak`, 'utf8')).toBe(broken);
    expect(await run('plist', 'check', file)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Timeout +5\n +GUI +No/),
    });
    expect(await run('plist', 'check', file, '--fix')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/nothing to correct/),
    });
    expect(await run('plist', 'check', join(folder, 'no'))).toMatchObject({ code: 3 });
    expect(await run('plist', 'check', file, '-o', other)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/needs --fix/),
    });
  });

  it('says whether the loader of a release finds the kernel', async () => {
    const file = join(scratch('cli'), NAME);
    expect(await run('plist', '--set', 'Kernel=mach_kernel', '-o', file)).toMatchObject({ code: 0 });
    expect(await run('plist', 'check', file)).toMatchObject({ code: 0, out: expect.stringMatching(/--release/) });
    expect(await run('plist', 'check', file, '--release', '10.9')).toMatchObject({ code: 0 });
    expect(await run('plist', 'check', file, '--release', '10.10')).toMatchObject({
      code: 5,
      out: expect.stringMatching(/looks for \/System\/Library\/Kernels\/mach_kernel and does not find it/),
    });
    expect(await run('plist', 'check', file, '--release', 'Yosemite')).toMatchObject({ code: 2 });
  });

  it('gives the corrected file its right name', async () => {
    const folder = scratch('cli');
    const file = join(folder, 'com.apple.Boot.plist');
    writeFileSync(file, '<plist version="1.0"><dict><key>Timeout</key><string>5</string></dict></plist>');
    expect(await run('plist', 'check', file)).toMatchObject({
      code: 5,
      out: expect.stringMatching(/Call it org\.chameleon\.Boot\.plist/),
    });
    expect(await run('plist', 'check', file, '--fix')).toMatchObject({ code: 0 });
    expect(await run('plist', 'check', join(folder, NAME))).toMatchObject({ code: 0 });
  });
});

describe('osx-iso plist keys and guest remove-kext', () => {
  it('lists every key', async () => {
    const { code, out } = await run('plist', 'keys');
    expect(code).toBe(0);
    expect(out).toMatch(/^Timeout +1…86400/m);
    expect(out).toMatch(/^UseKernelCache +Yes, No +Yes +yes/m);
    expect(await run('plist', 'keys', 'nonsense')).toMatchObject({ code: 2 });
    expect(JSON.parse((await run('plist', 'keys', 'kernel flags', '--json')).out)).toMatchObject({
      keys: [{ name: 'Kernel Flags' }],
    });
  });

  it('removes a kext', async () => {
    const image = diskFile(scratch('cli'), inMap(await guestVolume(), 'none'), 'raw');
    const argv = ['guest', 'remove-kext', 'AppleIntelCPUPowerManagement', '--image', image];
    expect(await run(...argv, '--force', '--dry-run')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/remove +\/System\/Library\/Extensions/),
    });
    expect(await run(...argv, '--force')).toMatchObject({ code: 0, out: expect.stringMatching(/read back/) });
    expect(await run(...argv, '--force')).toMatchObject({ code: 3 });
    expect(await run('guest', 'remove-kext', 'x')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/either --image or --volume/),
    });
  });
});
