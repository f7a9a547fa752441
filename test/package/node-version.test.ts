import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeTooOld } from '../../bin/node-version.js';
import { top } from '../helpers/imports.js';
import { testFolder } from '../helpers/small-installer.js';

describe('a Node that is too old', () => {
  it('is told from one that will do', () => {
    const said = (version: string) => nodeTooOld(version) !== undefined;
    expect(['0.10.48', '12.22.12', '18.20.4', '20.18.3', '20.9.0'].filter(said)).toHaveLength(5);
    expect(['20.19.0', '20.20.2', '21.0.0', '22.1.0', '100.0.0'].filter(said)).toEqual([]);
  });

  it('is named, and how to get another; whose it is, where that is known', () => {
    expect(nodeTooOld('18.20.4')).toContain('this is 18.20.4 (Debian 12 has that one).');
    expect(nodeTooOld('16.0.0')).not.toContain('Debian');
    expect(nodeTooOld('18.20.4')).toContain('npm install -g node@22');
  });

  it('ends the program with 4 before anything else is loaded', () => {
    // This Node with another's number: what old ones cannot read is not proved by it.
    const pretend = join(testFolder(), 'pretend.cjs');
    writeFileSync(pretend, `Object.defineProperty(process, 'versions', { value: { node: '18.20.4' } });`);
    const argv = ['--require', pretend, join(top, 'bin/osx-iso.js'), '--version'];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    expect([status, stdout]).toEqual([4, '']);
    expect(stderr).toBe(`${nodeTooOld('18.20.4')}\n`);
  });
});
