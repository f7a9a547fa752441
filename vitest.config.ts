import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/helpers/global-setup.ts',
    // Only a hang may meet them: no verdict depends on speed.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Two workers: the e2e tests start QEMU and several decoders of their own.
    maxWorkers: 2,
  },
});
