import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const elsewhere = fileURLToPath(new URL('tests/support/procxy-elsewhere.ts', import.meta.url));

// Certificates that a machine adds. Node 20 reads them whenever it starts, in 40 ms: the tests start it thousands of times, and only
// npm needs them (tests/support/packed.ts).
const { NODE_EXTRA_CA_CERTS: certificates } = process.env;
if (certificates) {
  process.env['PROCXY_TEST_CERTIFICATES'] = certificates;
  delete process.env['NODE_EXTRA_CA_CERTS'];
}

export default defineConfig({
  // Children in other runtimes and on other channels: see tests/support/check-runtimes.ts.
  resolve: { alias: process.env['PROCXY_ELSEWHERE'] ? [{ find: /^procxy$/, replacement: elsewhere }] : [] },
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One second, the default, is short for a process on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    // Tests fork processes of their own: more workers than cores would only make them wait.
    maxWorkers: 2,
  },
});
