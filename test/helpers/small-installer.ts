import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Faults, type InstallerOptions, makeInstaller } from '../../scripts/installer/index.js';

/** One installer a kind and test file: they are never changed. */
const made = new Map<string, Promise<string>>();
let folder: string | undefined;

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** A folder of this test file that goes when it is done. */
export function testFolder(): string {
  folder ??= mkdtempSync(join(tmpdir(), 'osx-iso-test-'));
  return folder;
}

/** The path of a synthetic installer app of some 10 MB, unusual or bad in the way asked for. */
export function smallInstaller(faults: Faults = {}, more: Partial<InstallerOptions> = {}): Promise<string> {
  const key = createHash('sha1').update(JSON.stringify({ faults, more })).digest('hex').slice(0, 12);
  let app = made.get(key);
  if (!app) {
    app = makeInstaller({ directory: join(testFolder(), key), scale: 0.002, faults, ...more }).then(
      (result) => result.app,
    );
    made.set(key, app);
  }
  return app;
}
