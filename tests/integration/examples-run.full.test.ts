import { expect, test } from 'vitest';
import { examples, examplesFolder } from '../support/examples.js';
import { runExamples } from '../support/run-examples.js';

test('npm run examples runs them all', async () => {
  const lines: string[] = [];
  const isFine = await runExamples({ folder: examplesFolder, list: examples, print: (line) => lines.push(line) });
  expect(isFine, lines.join('\n')).toBe(true);
  // It has to be compiled first. reference-packages.full.test.ts runs it.
  const notRun = lines.filter((line) => line.includes('not run: '));
  expect(notRun.filter((line) => !line.startsWith('sqlite '))).toEqual([]);
}, 600_000);
