import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Faults } from '../../scripts/installer/index.js';
import { atEndOfFile } from './end-of-file.js';
import { type Shape, sharedInstaller } from './installers.js';

let folder: string | undefined;

/** A folder of this test file that goes when it is done. */
export function testFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'osx-iso-test-'));
    atEndOfFile(() => {
      folder = undefined;
      rmSync(made, { recursive: true, force: true });
    });
    folder = made;
  }
  return folder;
}

/** The path of a synthetic installer app of a few MB, shared and read-only, unusual or bad in the way asked for. */
export async function smallInstaller(faults: Faults = {}, more: Omit<Shape, 'faults'> = {}): Promise<string> {
  return (await sharedInstaller({ scale: 0.0005, faults, ...more })).app;
}
