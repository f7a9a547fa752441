import { afterAll, vi } from 'vitest';
import { endFile } from './end-of-file.js';

// Around every test file, for files share a process: each leaves it as it was.

const folder = process.cwd();
const variables = { ...process.env };

afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.chdir(folder);
  for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name];
  Object.assign(process.env, variables);
  endFile();
});
