import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { top } from '../helpers/imports.js';
import { scratch } from '../helpers/judges/tool.js';
import { KilledUser } from '../helpers/killed.js';
import { points } from '../helpers/long.js';

const PROGRAM = join(top, 'bin', 'osx-iso.js');
const EXTENSIONS = 'System/Library/Extensions';
const KEXT = `${EXTENSIONS}/AppleIntelCPUPowerManagement.kext`;

/** Loaded before everything else: the process is killed where it would call this function of node:fs/promises. */
const killedAt = (call: 'rename' | 'rm') => `
  import fs from 'node:fs/promises';
  import { syncBuiltinESMExports } from 'node:module';
  fs.${call} = () => process.kill(process.pid, 'SIGKILL');
  syncBuiltinESMExports();`;

/** What is in a folder, at any depth, with what is in the files. */
function contents(folder: string, path = ''): string[] {
  return readdirSync(join(folder, path), { withFileTypes: true }).flatMap((entry) => {
    const name = join(path, entry.name);
    return entry.isDirectory()
      ? [`${name}/`, ...contents(folder, name)]
      : [`${name}: ${readFileSync(join(folder, name), 'latin1')}`];
  });
}

function made(): string {
  const folder = scratch('unfinished');
  mkdirSync(join(folder, 'Extra'));
  writeFileSync(
    join(folder, 'Extra', 'org.chameleon.Boot.plist'),
    '<dict><key>Timeout</key><integer>5</integer></dict>',
  );
  mkdirSync(join(folder, KEXT), { recursive: true });
  writeFileSync(join(folder, KEXT, 'Info.plist'), '<plist/>');
  return folder;
}

describe('what a killed command leaves in a folder of the user is written down, and clean gives it back', () => {
  const killed = [
    ['rename', 'plist -o', (folder: string) => ['plist', '-o', join(folder, 'new.plist')]],
    [
      'rename',
      'plist check --fix',
      (folder: string) => ['plist', 'check', '--fix', join(folder, 'Extra/org.chameleon.Boot.plist')],
    ],
    ['rename', 'plist --volume', (folder: string) => ['plist', '--volume', folder, '--force']],
    [
      'rename',
      'guest remove-kext',
      (folder: string) => ['guest', 'remove-kext', 'AppleIntelCPUPowerManagement', '--volume', folder, '--force'],
    ],
    [
      'rm',
      'guest remove-kext',
      (folder: string) => ['guest', 'remove-kext', 'AppleIntelCPUPowerManagement', '--volume', folder, '--force'],
    ],
  ] as const;
  it.each(points(killed, 1))('killed at %s: %s', (call, _, argv) => {
    const folder = made();
    const user = new KilledUser();
    const env = { ...user.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(killedAt(call))}` };
    const before = contents(folder);
    expect(spawnSync(process.execPath, [PROGRAM, ...argv(folder)], { env, cwd: folder }).signal).toBe('SIGKILL');
    expect(contents(folder)).not.toEqual(before);
    user.clean();
    expect(user.left()).toEqual([]);
    // A plist that was to be replaced has its .bak already; a kext that was out of the way is gone for good.
    const after = contents(folder).filter((line) => !/\.bak\d*: /.test(line));
    const kept = call === 'rm' ? before.filter((line) => !line.startsWith(KEXT)) : before;
    expect(after).toEqual(kept);
  });

  it('nothing is left where nobody kills it', () => {
    const folder = made();
    const user = new KilledUser();
    const run = (...argv: string[]) =>
      execFileSync(process.execPath, [PROGRAM, ...argv], { env: user.env, cwd: folder });
    run('plist', '-o', 'new.plist');
    run('plist', '--volume', folder, '--force');
    run('guest', 'remove-kext', 'AppleIntelCPUPowerManagement', '--volume', folder, '--force');
    expect(contents(folder).filter((line) => line.includes('osx-iso-'))).toEqual([]);
    expect(existsSync(join(folder, KEXT))).toBe(false);
    expect(user.left()).toEqual([]);
  });
});
