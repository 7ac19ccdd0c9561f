import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';

const demo = fileURLToPath(new URL('../../examples/index-node-modules.js', import.meta.url));
/** Enough for stalls that no busy machine could be blamed for. */
const MEGABYTES = '4';

/** The figures of one row of the table: in process, then through procxy. */
function row(output: string, label: string): [number, number] {
  const line = output.split('\n').find((candidate) => candidate.startsWith(label));
  const figures = /([\d,.]+)(?: ms)? +([\d,.]+)(?: ms)?$/.exec(line ?? '');
  if (!figures) throw new Error(`There is no row '${label}' in:\n${output}`);
  return [toNumber(figures[1]), toNumber(figures[2])];
}

function toNumber(text = ''): number {
  return Number(text.replaceAll(',', ''));
}

describe('the demo, with its output in a pipe', () => {
  let stdout = '';
  let stderr = '';

  beforeAll(async () => {
    // Rejects when the exit code is not 0, and does not resolve while a process is left that holds the pipe.
    ({ stdout, stderr } = await promisify(execFile)(process.execPath, [demo, MEGABYTES]));
  });

  test('prints plain lines, and few of them', () => {
    expect(stderr).toBe('');
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(stdout.split('\n').length).toBeLessThanOrEqual(25);
  });

  test.each(['in process', 'through procxy'])('shows the progress of the run %s up to its end', (label) => {
    expect(stdout).toMatch(new RegExp(`^${label} +100 %$`, 'm'));
  });

  test('finds the same in both runs', () => {
    const hits = [...stdout.matchAll(/^ {2}\S+/gm)].map(([hit]) => hit);
    expect(hits).not.toEqual([]);
    for (const label of ['files', 'words', 'distinct terms', ...hits]) {
      const [inProcess, throughProcxy] = row(stdout, label);
      expect(inProcess).toBeGreaterThan(0);
      expect(throughProcxy).toBe(inProcess);
    }
    expect(stdout).toContain('they are identical.');
  });

  test('keeps the main event loop responsive through procxy only', () => {
    const [stallInProcess, stallThroughProcxy] = row(stdout, 'worst stall');
    expect(stallInProcess).toBeGreaterThan(stallThroughProcxy);
    const [turnsInProcess, turnsThroughProcxy] = row(stdout, 'timer turns');
    expect(turnsInProcess).toBeLessThan(turnsThroughProcxy);
  });
});
