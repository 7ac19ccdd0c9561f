import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const elsewhere = fileURLToPath(new URL('tests/support/procxy-elsewhere.ts', import.meta.url));

export default defineConfig({
  // Children in other runtimes and on other channels: see tests/support/check-runtimes.ts.
  resolve: { alias: process.env['PROCXY_ELSEWHERE'] ? [{ find: /^procxy$/, replacement: elsewhere }] : [] },
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Tests fork processes of their own: more workers than cores would only make them wait.
    maxWorkers: 2,
  },
});
