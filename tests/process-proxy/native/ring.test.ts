import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compileForDebugging, nativeSources } from '../../support/native-builds.js';

/** Runs the body of a C function in a debug build of the ring. */
function run(body: string): { stderr: string; failed: boolean } {
  const file = join(mkdtempSync(join(tmpdir(), 'procxy-ring-')), 'main.c');
  const lines = [
    '#include "ring.h"',
    '#include <string.h>',
    'static struct ring ring;',
    'static uint8_t bytes[WINDOW];',
  ];
  writeFileSync(file, `${lines.join('\n')}\nint main(void) { ${body} return 0; }\n`);
  const { stderr, status } = spawnSync(compileForDebugging([file, join(nativeSources, 'ring.c')]), {
    encoding: 'utf8',
  });
  return { stderr, failed: status !== 0 };
}

test('bytes come out as they went in, also around the end of the ring', () => {
  const { stderr, failed } = run(`
    uint8_t in[1000], out[1000];
    for (int round = 0; round < 2000; round++) {
      memset(in, round, sizeof in);
      ring_put(&ring, in, sizeof in);
      ring_copy(&ring, ring.end - sizeof in, out, sizeof out);
      if (memcmp(in, out, sizeof in) != 0) return 1;
      if (ring_size(&ring) > WINDOW - sizeof in) ring_release(&ring, ring.start + 100000);
    }
  `);
  expect({ stderr, failed }).toEqual({ stderr: '', failed: false });
});

test.each([
  ['more than there is room for', 'ring_put(&ring, bytes, 1); ring_put(&ring, bytes, WINDOW);', 'ring_room'],
  ['bytes that it does not hold', 'ring_put(&ring, bytes, 5); ring_copy(&ring, 1, bytes, 5);', 'ring->end'],
  ['an offset that is not yet written', 'ring_release(&ring, 1);', 'ring->end'],
])('a debug build stops at %s', (_what, body, assertion) => {
  const { stderr, failed } = run(body);
  expect(failed).toBe(true);
  expect(stderr).toMatch(/ring\.c:\d+.*Assertion/);
  expect(stderr).toContain(assertion);
});
