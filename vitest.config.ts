import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Tests fork processes of their own: more workers than cores would only make them wait.
    maxWorkers: 2,
  },
});
