import { defineConfig } from 'vitest/config';
import { recordsErrors } from './test/recorded/plugin.ts';

export default defineConfig({
  plugins: [recordsErrors()],
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/recorded/setup.ts'],
    globalSetup: ['test/recorded/global.ts'],
    // For a machine that does other work beside; nothing is timed.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
  },
});
