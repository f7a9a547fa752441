import { defineConfig } from 'vitest/config';

/**
 * Each in a process of its own: what starts programs all the time (to start one costs more the larger the process is that does), and
 * what changes the modules or handlers that other files would see.
 */
const ALONE = ['campaign', 'clean', 'cli', 'e2e', 'guest', 'helpers', 'image', 'launch'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    globalSetup: 'test/helpers/global-setup.ts',
    // Only a hang may meet them: no verdict depends on speed.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Two workers: the e2e tests start QEMU and several decoders of their own.
    maxWorkers: 2,
    setupFiles: ['test/helpers/each-file.ts'],
    projects: [
      {
        // Files share a worker's modules, which are loaded and compiled once; each-file.ts sees to it that they share nothing else.
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: ALONE,
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE },
      },
    ],
  },
});
