import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { Scope } from '../../src/core/scope.js';
import { editImage } from '../../src/guest-disk/index.js';
import { scratch } from '../helpers/judges/tool.js';
import { qcow2 } from '../vm-disk/images.js';

/** Takes the connection, says nothing, and does not hear Ctrl-C. */
const DEAF = `#!${process.execPath}
require('node:net').createServer(() => {}).listen(process.argv.find((word) => word.startsWith('--socket=')).slice(9));
process.on('SIGINT', () => {});
require('node:fs').writeFileSync(__dirname + '/pid', String(process.pid));
`;

afterEach(() => {
  vi.unstubAllEnvs();
});

it('an edit whose qemu-nbd hangs ends when the user wants it, and so does qemu-nbd', async () => {
  const bin = scratch('deaf');
  const image = join(bin, 'disk.qcow2');
  writeFileSync(join(bin, 'package.json'), '{"type": "commonjs"}');
  writeFileSync(join(bin, 'qemu-nbd'), DEAF, { mode: 0o755 });
  const info = JSON.stringify([{ 'virtual-size': 512, filename: image }]);
  writeFileSync(join(bin, 'qemu-img'), `#!/bin/sh\necho '${info}'\n`, { mode: 0o755 });
  writeFileSync(image, qcow2({ size: 512 }));
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
  const controller = new AbortController();
  const scope = new Scope();
  const ended = editImage({ image }, { signal: controller.signal, scope }, async () => []).catch(
    (error: unknown) => error,
  );
  const pid = await vi.waitFor(() => Number(readFileSync(join(bin, 'pid'), 'utf8')) || expect.unreachable(), 60_000);
  const stopped = Date.now();
  controller.abort();
  expect(await ended).toMatchObject({ exitCode: 130 });
  // 2 s on a computer that is not busy; before, it took 25.
  expect(Date.now() - stopped).toBeLessThan(15_000);
  expect(() => process.kill(pid, 0)).toThrow();
  expect(scope.pending()).toEqual([]);
});
