import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/helpers/own-state.ts',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two workers: the e2e tests start QEMU and several decoders of their own.
    maxWorkers: 2,
  },
});
