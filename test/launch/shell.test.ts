import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { smcSection } from '../../src/launch/osk.js';
import { configCommand, SHELL_CONFIG, shellCommand } from '../../src/launch/shell.js';
import { scratch } from '../helpers/judges/tool.js';

const KEY = `${'A'.repeat(60)}$x\`\\`;
const folder = scratch("shell 'quoted'");
const keyFile = join(folder, 'the key');
writeFileSync(keyFile, `${KEY}\n`);
/** Stands for QEMU: says its words, its environment, and what it was handed. */
const program = join(folder, 'pro gram');
writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "$@"\necho "env: $OSX_ISO_OSK"\ncat /dev/fd/3\n', { mode: 0o755 });

const argv = ['-name', 'a b', '-usb', '-append', '-v x=$HOME', '-readconfig', SHELL_CONFIG, '-drive', "file='"];
const words = argv.join('\n');

function sh(command: string, env: NodeJS.ProcessEnv = {}): string {
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-c', command], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout;
}

describe('the printed command, in a shell,', () => {
  test('gives the program its words and the key on a descriptor, from the file', () => {
    const command = shellCommand(program, argv, { kind: 'file', path: keyFile });
    expect(command).not.toContain('AAAA');
    expect(command).toContain("\n  -name 'a b' \\\n  -usb \\\n");
    expect(sh(command)).toBe(`${words}\nenv: \n${smcSection(KEY)}`);
  });

  test('takes the variable out of the program’s environment', () => {
    const command = shellCommand(program, argv, { kind: 'environment' });
    expect(sh(command, { OSX_ISO_OSK: KEY })).toBe(`${words}\nenv: \n${smcSection(KEY)}`);
  });

  test('asks this computer’s SMC where the key is there', () => {
    expect(shellCommand(program, argv, { kind: 'host' })).toContain('osk = "$(osx-iso smc --raw OSK0 OSK1)"');
  });

  test('without an SMC hands nothing over', () => {
    expect(shellCommand('qemu', ['-usb'], undefined)).toBe('qemu \\\n  -usb');
  });
});

test('the command that makes a configuration file makes it for its owner alone', () => {
  const path = join(folder, 'smc.cfg');
  sh(configCommand(path, { kind: 'file', path: keyFile }));
  expect(readFileSync(path, 'utf8')).toBe(smcSection(KEY));
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
});
