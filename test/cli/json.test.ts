import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { diskFile, guestVolume, inMap } from '../guest-disk/disks.js';
import { ran } from '../helpers/command-line.js';
import { top } from '../helpers/imports.js';
import { scratch } from '../helpers/judges/tool.js';
import { LONG } from '../helpers/long.js';
import { putFiles, releaseFiles } from '../helpers/opencore.js';
import { checkedFile, checkedLines, typesIn } from '../helpers/schemas.js';
import { smallInstaller } from '../helpers/small-installer.js';

const folder = scratch('json');
const seen = new Set<string>();

/** The types of the lines that a command prints, each held to its schema. */
async function types(...argv: string[]): Promise<string[]> {
  const { out } = await ran(...argv, '--json');
  const lines = checkedLines(out);
  for (const line of lines) {
    expect(Object.keys(line).slice(0, 2)).toEqual(['type', 'schema']);
    seen.add(line.type);
  }
  return lines.map(({ type }) => type);
}

describe('what --json prints is as the schemas have it', () => {
  const iso = join(folder, 'a.iso');

  it('build, verify, inspect, and the manifest', async () => {
    const lines = await types('build', await smallInstaller(), '-o', iso);
    expect(lines.at(0)).toBe('run:start');
    expect(lines.slice(-2)).toEqual(['run:end', 'build']);
    expect(new Set(lines)).toContain('step:note');
    expect(checkedFile(`${iso}.json`, 'manifest')).toMatchObject({ schema: 1, engine: 'native' });
    expect(await types('verify', iso)).toEqual(['verify']);
    expect(await types('inspect', iso, '/System')).toEqual(['inspect']);
    expect(await types('verify', join(folder, 'none.iso'))).toEqual(['error']);
    expect(await types('verify', '--no-such-option')).toEqual(['error']);
  });

  it('--quiet leaves the result line alone', async () => {
    const again = join(folder, 'b.iso');
    expect(await types('build', await smallInstaller(), '-o', again, '--quiet')).toEqual(['build']);
    rmSync(again);
    expect(await types('build', join(folder, 'nothing.app'), '--quiet')).toEqual(['error']);
  });

  it('what needs neither an ISO nor other programs', async () => {
    const plist = join(folder, 'org.chameleon.Boot.plist');
    expect(await types('plist', '-o', plist)).toEqual(['plist']);
    expect(await types('plist')).toEqual(['plist']);
    expect(await types('plist', 'check', plist)).toEqual(['plist-check']);
    expect(await types('plist', 'check', plist, '--fix')).toEqual(['plist-check']);
    expect(await types('plist', 'keys', 'graphics')).toEqual(['plist-keys']);
    expect(await types('clean', '--dry-run')).toEqual(['clean']);
    const volume = join(folder, 'volume');
    mkdirSync(volume);
    expect(await types('plist', '--volume', volume, '--dry-run', '--force')).toEqual(['plist']);
    mkdirSync(join(volume, 'System/Library/Extensions/AppleSMC.kext'), { recursive: true });
    const removal = ['remove-kext', 'AppleSMC.kext', '--volume', volume, '--force', '--dry-run'];
    expect(await types('guest', ...removal)).toEqual(['remove-kext']);
  });

  it.runIf(LONG)('the rest', async () => {
    expect(await types('build', await smallInstaller(), '-o', join(folder, 'c.iso'), '--dry-run')).toEqual(['plan']);
    expect(await types('inspect', iso, '/System/Library', '-o', join(folder, 'out'))).toEqual(['inspect']);
    const disk = (kind: 'raw') => guestVolume().then((volume) => diskFile(folder, inMap(volume, 'apm'), kind));
    expect(await types('plist', '--image', await disk('raw'))).toEqual(['plist']);
    const config = join(folder, 'config.plist');
    expect(await types('opencore', 'config', '--release', '10.10', '-o', config)).toEqual(['opencore-config']);
    expect(await types('opencore', 'check', config)).toEqual(['opencore-check']);
    writeFileSync(config, '<plist><dict/></plist>');
    expect(await types('opencore', 'check', config)).toEqual(['opencore-check', 'error']);
    expect((await types('opencore', 'check', config, '--fix'))[0]).toBe('opencore-check');
    const openCore = putFiles(join(folder, 'OpenCore'), releaseFiles());
    const esp = join(folder, 'esp.img');
    expect(await types('opencore', 'esp', esp, '--zip', openCore)).toEqual(['opencore-esp']);
    expect(await types('disk', 'create', join(folder, 'hdd.qcow2'))).toEqual(['disk']);
    expect((await types('doctor'))[0]).toBe('doctor');
    const hdd = ['--disk', join(folder, 'hdd.qcow2'), '--no-smc'];
    expect(await types('boot', ...hdd, '--dry-run')).toEqual(['machine']);
    const stopped = await types('boot', ...hdd, '--headless', '--stop-after', '1', '--grace', '0');
    expect(stopped.at(-1)).toBe('boot');
    expect(stopped).toContain('guest:start');
    const guest = join(folder, 'yosemite');
    expect(await types('guest', 'create', guest, ...hdd)).toEqual(['guest']);
    checkedFile(join(guest, 'guest.json'), 'guest');
    expect(await types('guest', 'list', folder)).toEqual(['guests']);
    expect(await types('guest', 'delete', guest, '--force')).toEqual(['deleted']);
    // The others need a Mac's SMC, servers, a guest at work, or something that goes wrong; a note is there once on a machine.
    const others = [
      'detached',
      'download',
      'list',
      'note',
      'screen',
      'screenshot',
      'smc',
      'ssh',
      'status',
      'stopped',
      'typed',
    ];
    const missing = [...typesIn('results'), ...typesIn('events')].filter((type) => !seen.has(type));
    expect(missing.filter((type) => ![...others, 'guest:note', 'undo'].includes(type))).toEqual([]);
  });
});

it.runIf(LONG)('the schemas are those that the types make: npm run schemas', () => {
  execFileSync(process.execPath, [join(top, 'scripts/schemas.mjs'), '--check'], { stdio: 'pipe' });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));
