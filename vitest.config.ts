import { defineConfig } from 'vitest/config';

/** They change what other files would see: modules that are loaded already, or the process's own handlers. */
const ALONE = ['test/helpers/judges/needs.test.ts', 'test/guest/stuck.test.ts'];

export default defineConfig({
  test: {
    globalSetup: 'test/helpers/global-setup.ts',
    // Only a hang may meet them: no verdict depends on speed.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Two workers: the e2e tests start QEMU and several decoders of their own.
    maxWorkers: 2,
    projects: [
      {
        // Files share a worker's modules, which are loaded and compiled once; each-file.ts sees to it that they share nothing else.
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: ALONE,
          isolate: false,
          setupFiles: ['test/helpers/each-file.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, setupFiles: ['test/helpers/each-file.ts'] },
      },
    ],
  },
});
