import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal, type StateEnvironment, stateFolder } from '../../src/core/state-folder.js';
import { givenPath } from '../../src/host/given-path.js';

const user: StateEnvironment = { platform: 'linux', env: {}, euid: 1000, home: '/home/me', ownHome: '/home/me' };
const sudo = { euid: 0, ownHome: '/root', env: { SUDO_UID: '1000', XDG_STATE_HOME: '/home/me/state' } };

describe('the folder of the journals', () => {
  it.each([
    [user, '/home/me/.local/state/osx-iso'],
    [{ ...user, env: { XDG_STATE_HOME: '/s' } }, '/s/osx-iso'],
    [{ ...user, env: { XDG_STATE_HOME: 'relative' } }, '/home/me/.local/state/osx-iso'],
    [{ ...user, ...sudo }, '/root/.local/state/osx-iso'],
    [{ ...user, platform: 'darwin', home: '/Users/me' }, '/Users/me/Library/Application Support/osx-iso'],
    [
      { ...user, ...sudo, platform: 'darwin', home: '/Users/me', ownHome: '/var/root' },
      '/var/root/Library/Application Support/osx-iso',
    ],
  ] as [StateEnvironment, string][])('%#', (environment, folder) => {
    expect(stateFolder(environment)).toBe(folder);
  });
});

describe('the journal of this process', () => {
  let top: string;
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'osx-iso-state-'));
  });
  afterEach(() => {
    chmodSync(top, 0o700);
    rmSync(top, { recursive: true });
  });

  it('is private', async () => {
    const folder = join(top, 'deep', 'osx-iso');
    const journal = await openJournal({ folder });
    const id = await journal.append({ kind: 'x' });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await journal.done(id);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('may be missing where it is optional, and only there', async () => {
    const folder = '/dev/null/osx-iso';
    const optional = await openJournal({ folder, optional: true });
    await optional.done(await optional.append({ kind: 'x' }));
    await expect((await openJournal({ folder })).append({ kind: 'x' })).rejects.toThrow();
  });
});

describe('a path as it was given', () => {
  it('with a ~ that no shell replaced is below the home of who typed it', async () => {
    expect(await givenPath('~/x.iso')).toBe(join(homedir(), 'x.iso'));
    expect(await givenPath('~')).toBe(homedir());
    expect(await givenPath('a/~/x')).toBe('a/~/x');
    expect(await givenPath('~other/x')).toBe('~other/x');
  });

  it.runIf(process.geteuid?.() === 0)('under sudo not root’s home', async () => {
    const before = process.env.SUDO_USER;
    try {
      process.env.SUDO_USER = 'daemon';
      expect(await givenPath('~/x.iso')).not.toBe(join(homedir(), 'x.iso'));
      process.env.SUDO_USER = 'x; touch /tmp/no';
      expect(await givenPath('~/x.iso')).toBe(join(homedir(), 'x.iso'));
    } finally {
      if (before === undefined) delete process.env.SUDO_USER;
      else process.env.SUDO_USER = before;
    }
  });
});
