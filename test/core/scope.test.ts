import { describe, expect, it } from 'vitest';
import type { Journal } from '../../src/core/journal.js';
import { Scope } from '../../src/core/scope.js';

const boom = () => {
  throw new Error('boom');
};

describe('Scope', () => {
  it('undoes last in first out, scratch last', async () => {
    const log: string[] = [];
    const scope = new Scope();
    scope.scratch('scratch', () => void log.push('scratch'));
    scope.defer('a', () => void log.push('a'));
    scope.onFailure('iso', () => void log.push('iso'));
    scope.defer('b', async () => void log.push('b'));
    expect(scope.pending().map((l) => l.title)).toEqual(['b', 'iso', 'a', 'scratch']);
    expect(await scope.unwind('failed')).toEqual([]);
    expect(log).toEqual(['b', 'iso', 'a', 'scratch']);
    expect(scope.pending()).toEqual([]);
    expect(await scope.unwind('failed')).toEqual([]);
    expect(log).toHaveLength(4);
  });

  it('leaves what is only for failures alone when all went well', async () => {
    const log: string[] = [];
    const scope = new Scope();
    scope.onFailure('iso', () => void log.push('iso'));
    scope.defer('a', () => void log.push('a'));
    await scope.unwind('done', (title) => log.push(`said ${title}`));
    expect(log).toEqual(['a', 'said a']);
  });

  it('goes on after an undo that fails, lists it with its command, and keeps the scratch folder', async () => {
    const log: string[] = [];
    const scope = new Scope();
    scope.scratch('scratch', () => void log.push('scratch'), { command: 'rm -r /tmp/x' });
    scope.defer('a', () => void log.push('a'));
    scope.defer('detach', boom, { command: 'hdiutil detach /dev/disk4' });
    scope.defer('b', () => void log.push('b'));
    const said: unknown[] = [];
    const left = await scope.unwind('done', (title, error) => {
      said.push([title, error instanceof Error]);
      throw new Error('listener');
    });
    expect(log).toEqual(['b', 'a']);
    expect(said).toEqual([
      ['b', false],
      ['detach', true],
      ['a', false],
    ]);
    expect(left).toEqual([
      { title: 'detach', command: 'hdiutil detach /dev/disk4', reason: 'boom' },
      {
        title: 'scratch',
        command: 'rm -r /tmp/x',
        reason: 'kept, because something that is left behind may still need it',
      },
    ]);
  });

  it('takes a rejection with nothing for a failure too', async () => {
    const scope = new Scope();
    scope.defer('odd', () => Promise.reject());
    expect(await scope.unwind('done')).toHaveLength(1);
  });

  it('spends an undo once', async () => {
    let times = 0;
    const scope = new Scope();
    const deferred = scope.defer('a', async () => void times++);
    await Promise.all([deferred.spend(), deferred.spend()]);
    await deferred.spend();
    await scope.unwind('failed');
    expect(times).toBe(1);
  });

  it('hands the error of an early spend to the step, and tries once more when unwinding', async () => {
    let times = 0;
    const scope = new Scope();
    const deferred = scope.defer('a', () => {
      if (++times === 1) boom();
    });
    await expect(deferred.spend()).rejects.toThrow('boom');
    expect(scope.pending()).toHaveLength(1);
    expect(await scope.unwind('failed')).toEqual([]);
    expect(times).toBe(2);
  });

  it('undoes what an undo takes', async () => {
    const log: string[] = [];
    const scope = new Scope();
    scope.defer('a', () => void scope.defer('b', () => void log.push('b')));
    expect(await scope.unwind('done')).toEqual([]);
    expect(log).toEqual(['b']);
  });

  it('writes down before, crosses out after, and survives a journal that fails', async () => {
    const log: string[] = [];
    const journal: Journal = {
      append: async (record) => {
        log.push(`+${record.kind}`);
        return record.kind;
      },
      done: async (id) => {
        log.push(`-${id}`);
        throw new Error('disk full');
      },
    };
    const scope = new Scope(journal);
    const one = await scope.announce({ kind: 'one' });
    const two = await scope.announce({ kind: 'two' });
    await scope.announce({ kind: 'never taken' });
    scope.defer('one', () => void log.push('undo one'), { entry: one });
    await scope.defer('two', () => void log.push('undo two'), { entry: two }).spend();
    expect(await scope.unwind('done')).toEqual([]);
    expect(log).toEqual(['+one', '+two', '+never taken', 'undo two', '-two', 'undo one', '-one', '-never taken']);
  });
});
