import { describe, expect, it } from 'vitest';
import { Names, parsePath, parsePlace, showPlace } from '../../src/core/names.js';
import { Scope } from '../../src/core/scope.js';
import { StepError, UsageError } from '../../src/errors.js';

describe('parsePlace', () => {
  it.each([
    ['esd:/Packages', 'esd', ['Packages']],
    ['esd:/', 'esd', []],
    ['out:', 'out', []],
    ['target', 'target', []],
    ['app:/Contents/SharedSupport/InstallESD.dmg', 'app', ['Contents', 'SharedSupport', 'InstallESD.dmg']],
    ['esd:/a:b/c', 'esd', ['a/b', 'c']],
    ['a-1:/…/ü', 'a-1', ['…', 'ü']],
    ['a:/ ', 'a', [' ']],
    ['a:/...', 'a', ['...']],
  ])('%s', (text, name, path) => {
    expect(parsePlace(text)).toEqual({ name, path });
    expect(parsePlace(showPlace({ name, path }))).toEqual({ name, path });
  });

  it.each([
    '',
    ':',
    ':/a',
    'esd:a',
    'esd:/a/../b',
    'esd:/..',
    'esd:/./a',
    'esd://a',
    'esd:/a//b',
    'esd:/a/',
    '/etc/passwd',
    'a b:/',
    'esd:/a\0b',
    '..:/a',
  ])('refuses %j', (text) => {
    expect(() => parsePlace(text)).toThrow(UsageError);
    expect(() => parsePlace(text)).toThrow(/is not a place: expected/);
  });

  it('reads paths without a name too', () => {
    expect(parsePath('/System/Library')).toEqual(['System', 'Library']);
    expect(parsePath('mach_kernel')).toEqual(['mach_kernel']);
    expect(parsePath('/')).toEqual([]);
    expect(() => parsePath('../x')).toThrow(UsageError);
  });
});

describe('Names', () => {
  const image = { title: 'a.dmg' };

  it('gives each name once', () => {
    const names = new Names({ app: { hostPath: '/x' } });
    names.bind('target', { image });
    expect(names.image('target')).toBe(image);
    expect(names.hostPath('app')).toBe('/x');
    expect(() => names.bind('target', {})).toThrow('"target" already stands for something else.');
    expect(() => names.amend('target', { image })).toThrow('"target" has its image already.');
    expect(() => names.bind('a:b', {})).toThrow(UsageError);
  });

  it('says which names there are, and what is missing', () => {
    const names = new Names({ out: {}, app: {} });
    expect(() => names.get('esd')).toThrow('Nothing is called "esd" here. Known: app, out.');
    expect(() => names.volume('app')).toThrow('"app" has no volume: is it attached?');
    expect(() => names.tree('app')).toThrow(StepError);
    expect(() => new Names().get('x')).toThrow('Known: nothing yet.');
  });

  it('detaches by spending the undo, once; the image stays', async () => {
    let closed = 0;
    const scope = new Scope();
    const volume = { name: 'v', close: async () => void closed++ } as never;
    const names = new Names();
    names.bind('target', { image });
    names.amend('target', { volume, undo: scope.defer('detach', () => void closed++) });
    expect(names.tree('target')).toBe(volume);
    await names.release('target');
    expect(closed).toBe(1);
    expect(names.image('target')).toBe(image);
    await expect(names.release('target')).rejects.toThrow('"target" is not attached');
    names.amend('target', { volume, undo: scope.defer('detach', () => void closed++) });
    await scope.unwind('done');
    expect(closed).toBe(2);
  });

  it('keeps what is attached under its name when detaching fails', async () => {
    const names = new Names();
    const undo = { spend: () => Promise.reject(new Error('busy')) };
    names.bind('esd', { tree: {} as never, undo });
    await expect(names.release('esd')).rejects.toThrow('busy');
    expect(names.tree('esd')).toBeDefined();
  });
});
