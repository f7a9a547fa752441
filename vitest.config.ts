import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';

const top = dirname(fileURLToPath(import.meta.url));

/**
 * Tests run what is compiled, as users do; global-setup.ts compiles first. Node loads that by itself: to have vitest transform and link
 * some 500 modules, for each project, is a sixth of the whole run.
 */
const compiled: Plugin = {
  name: 'compiled',
  enforce: 'pre',
  resolveId(source, importer) {
    if (!importer || !source.startsWith('.')) return undefined;
    const path = relative(top, resolve(dirname(importer), source));
    return /^(src|pipelines|scripts)\b.*\.js$/.test(path) ? resolve(top, 'dist', path) : undefined;
  },
};

// Buffers in large pages: a test process is forked all the time, which costs by the page.
process.env.GLIBC_TUNABLES ??= 'glibc.malloc.hugetlb=1';

const tests = (folders: readonly string[]) => folders.map((folder) => `test/${folder}/**/*.test.ts`);

/** Each in a process of its own: what changes the modules or handlers that other files would see, and what is measured. */
const ALONE = [...tests(['campaign', 'cli/stop']), 'test/cli/stop.test.ts', 'test/helpers/judges/needs.test.ts'];

/** What starts programs all the time: to start one costs more the larger the process is that does. */
const PROGRAMS = tests([
  'clean',
  'cli',
  'docs',
  'e2e',
  'guest-disk',
  'guest-folder',
  'helpers',
  'image',
  'launch',
  'package',
  'web',
]);

/** Files share a worker's modules, which are loaded and compiled once; each-file.ts sees to it that they share nothing else. */
const SHARED = { isolate: false };

export default defineConfig({
  plugins: [compiled],
  test: {
    server: { deps: { external: [/\/dist\//] } },
    globalSetup: 'test/helpers/global-setup.ts',
    // Only a hang may meet them: no verdict depends on speed.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Two workers: the e2e tests start QEMU and several decoders of their own.
    maxWorkers: 2,
    setupFiles: ['test/helpers/each-file.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: tests(['**']), exclude: [...PROGRAMS, ...ALONE], ...SHARED },
      },
      {
        extends: true,
        test: { name: 'programs', include: PROGRAMS, exclude: ALONE, ...SHARED },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE },
      },
    ],
  },
});
