import { describe, expect, it } from 'vitest';
import { closeAll } from '../../src/host/close-all.js';

describe('closing many', () => {
  it('each is closed, also behind one that cannot be; the first error is thrown', async () => {
    const closed: string[] = [];
    const file = (name: string, error?: string) => ({
      async close() {
        closed.push(name);
        if (error) throw new Error(error);
      },
    });
    await expect(closeAll([file('a'), file('b', 'full'), file('c', 'gone'), file('d')])).rejects.toThrow('full');
    expect(closed).toEqual(['a', 'b', 'c', 'd']);
    await closeAll([]);
  });
});
