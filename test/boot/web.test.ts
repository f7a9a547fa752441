import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BootPlan } from '../../src/boot/boot.js';
import { boot } from '../../src/boot/start.js';
import { makeMachine } from '../../src/launch/machine.js';
import { scratch } from '../helpers/judges/tool.js';
import { fakeQemu } from '../launch/fake-qemu.js';

let folder: string;
beforeEach(() => {
  folder = scratch('web');
  vi.stubEnv('TMPDIR', folder);
  vi.stubEnv('FAKE_QEMU', JSON.stringify({ log: join(folder, 'log') }));
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test('the page is there as long as the guest runs, and run.json tells where', async () => {
  const program = join(import.meta.dirname, '../launch/fake-qemu.mjs');
  const plan: BootPlan = {
    machine: makeMachine({ accelerator: 'tcg', display: { kind: 'web' }, smc: false }),
    capabilities: fakeQemu('8.2.0', { program }),
    ports: { forwards: [] },
    notes: [],
  };
  const stop = new AbortController();
  const seen: unknown[] = [];
  let url = '';
  const ended = boot(plan, {
    signal: stop.signal,
    grace: 0,
    folder,
    note: () => undefined,
    onWeb: (screen) => {
      url = screen.url;
    },
    async onRunning({ vnc }) {
      const answer = await fetch(url);
      seen.push(answer.status, (await answer.text()).includes('<title>osx-iso</title>'));
      const state = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as Record<string, unknown>;
      seen.push(state['web'], state['vnc']);
      expect(vnc?.socket).toMatch(/\/vnc$/);
      expect(state['vnc']).toEqual(vnc);
      stop.abort();
    },
  });
  await ended;
  expect(seen).toEqual([200, true, { url }, expect.anything()]);
  const [started] = readFileSync(join(folder, 'log'), 'utf8').split('\n');
  expect(JSON.parse(started!)).toEqual(expect.arrayContaining(['-vnc', expect.stringMatching(/^unix:.*\/vnc$/)]));
  await expect(fetch(url)).rejects.toThrow();
});
