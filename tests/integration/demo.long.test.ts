import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify, stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { programOf } from '../support/examples.js';

const demo = programOf('index-node-modules.js');
/** Enough for stalls that no busy machine could be blamed for. */
const MEGABYTES = '4';
const COLUMNS = 80;

const pool = `in a pool of ${Math.min(4, availableParallelism())}`;
const runs = ['in a child', pool, 'in this process'];

interface Figures {
  here: number;
  child: number;
  pool: number;
}

/** A row of the table. */
function row(output: string, label: string): Figures {
  const line = output.split('\n').find((candidate) => candidate.startsWith(label)) ?? '';
  const cells = line.slice(label.length).trim().split(/ {2,}/);
  const [here = NaN, child = NaN, pooled = NaN] = cells.map((cell) => Number(cell.replace(/,| (ms|MB)$/g, '')));
  return { here, child, pool: pooled };
}

describe('the demo, with its output in a pipe', () => {
  let stdout = '';
  let stderr = '';

  beforeAll(async () => {
    // Rejects when the exit code is not 0, and does not resolve while a process is left that holds the pipe.
    ({ stdout, stderr } = await promisify(execFile)(process.execPath, [demo, MEGABYTES]));
  });

  test('prints plain lines, which are few and fit into a terminal', () => {
    expect(stderr).toBe('');
    expect([...stdout].filter((char) => /\p{Cc}/u.test(char) && char !== '\n')).toEqual([]);
    const lines = stdout.split('\n');
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(lines.filter(({ length }) => length > COLUMNS)).toEqual([]);
  });

  test.each(runs)('shows the progress of the run %s up to its end', (label) => {
    expect(stdout).toMatch(new RegExp(`^${label} +100 %$`, 'm'));
  });

  test('ends with a table of aligned columns, with units', () => {
    const lines = stdout.split('\n');
    const rule = lines.findIndex((line) => line.startsWith('───'));
    const [header = '', , ...rest] = lines.slice(rule - 1);
    expect(header.trim().split(/ {2,}/)).toEqual(['in this process', 'in a child', pool]);
    const rows = rest.slice(0, rest.indexOf(''));
    expect(rows.length).toBeGreaterThanOrEqual(7);
    for (const line of [header, lines[rule] ?? '', ...rows]) expect(line).toHaveLength(header.length);
    const ends = [...header.matchAll(/\S(?= {2}|$)/g)].map(({ index }) => index);
    for (const line of rows) for (const end of ends) expect(line.slice(end, end + 2)).toMatch(/^\S( |$)/);
    for (const label of ['time', 'longest pause']) expect(lines.find((line) => line.startsWith(label))).toMatch(/ ms$/);
    for (const label of ['memory of this', 'memory of the']) {
      expect(lines.find((line) => line.startsWith(label))).toMatch(/ MB$/);
    }
  });

  test('finds the same in all runs', () => {
    for (const label of ['files', 'words']) {
      const { here, child, pool: pooled } = row(stdout, label);
      expect(here).toBeGreaterThan(0);
      expect([child, pooled]).toEqual([here, here]);
    }
    expect(stdout.match(/^ +\d+\.\d\d {2}\S+\.(md|d\.ts)$/gm)).toHaveLength(3);
    expect(stdout).toContain('they are identical.');
  });

  test('keeps the main event loop responsive in children only', () => {
    const pause = row(stdout, 'longest pause of the event loop');
    expect(pause.here).toBeGreaterThan(Math.max(pause.child, pause.pool));
    const turns = row(stdout, 'turns of a 10 ms timer meanwhile');
    expect(turns.here).toBeLessThan(Math.min(turns.child, turns.pool));
  });

  test('needs the memory for the index in the children', () => {
    const own = row(stdout, 'memory of this process');
    expect(own.here).toBeGreaterThan(Math.max(own.child, own.pool));
    const children = row(stdout, 'memory of the children');
    expect(children.here).toBeNaN();
    expect(children.child).toBeGreaterThan(own.child);
    expect(children.pool).toBeGreaterThan(own.pool);
  });
});

describe('the demo, in a terminal', () => {
  async function screen(columns: number, megabytes = 2, env: NodeJS.ProcessEnv = {}): Promise<string> {
    // script(1) gives it a terminal.
    const command = `stty cols ${columns} rows 24; '${process.execPath}' '${demo}' ${megabytes}`;
    // Not the whole environment: besides NO_COLOR, many variables turn colors off, such as CI.
    const { PATH, HOME } = process.env;
    const settings = { env: { PATH, HOME, TERM: 'xterm-256color', ...env } };
    const { stdout } = await promisify(execFile)('script', ['-qec', command, '/dev/null'], settings);
    return stdout.replaceAll('\r\n', '\n');
  }

  /** What each line has shown, one picture after the other. */
  const pictures = (output: string): string[][] =>
    output.split('\n').map((line) => line.split('\u001b[1G').map(stripVTControlCharacters));

  test.each([COLUMNS, 50])(
    'redraws each bar in its line, %s columns wide, and the wheel stops here only',
    async (columns) => {
      const bars = pictures(await screen(columns)).filter((line) => line.length > 2);
      expect(bars.map((line) => line.at(-1)?.trim())).toEqual(
        runs.map((label) => expect.stringMatching(new RegExp(`^${label} +█+ 100 % +\\d+\\.\\d s$`))),
      );
      for (const line of bars.flat()) expect(line.length).toBeLessThan(columns);
      const wheels = bars.map((line) => new Set(line.slice(1, -1).map((picture) => picture.at(-1))).size);
      // Its timer has a turn at the end.
      const [inChild = 0, inPool = 0, here = 0] = wheels;
      expect(here).toBeLessThanOrEqual(2);
      expect(here).toBeLessThan(Math.min(inChild, inPool));
    },
  );

  test('has a bold header, and none with NO_COLOR or a dumb terminal', async () => {
    const bold = '\u001b[1m';
    expect(await screen(COLUMNS, 0.1)).toContain(`\n${bold}  `);
    expect(await screen(COLUMNS, 0.1, { NO_COLOR: '1' })).not.toContain(bold);
    expect(await screen(COLUMNS, 0.1, { TERM: 'dumb' })).not.toContain(bold);
  });
});
