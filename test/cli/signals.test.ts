import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { onStop } from '../../src/cli/signals.js';

it('a second Ctrl-C is heard though the clock was set back meanwhile', async () => {
  const heard: string[] = [];
  const silence = onStop(
    () => heard.push('first'),
    () => heard.push('again'),
  );
  try {
    process.emit('SIGINT', 'SIGINT');
    process.emit('SIGINT', 'SIGINT');
    vi.spyOn(Date, 'now').mockReturnValue(0);
    await sleep(510);
    process.emit('SIGINT', 'SIGINT');
    expect(heard).toEqual(['first', 'again']);
  } finally {
    silence();
    vi.restoreAllMocks();
  }
});
