import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { commandOf, programOf, type Example } from '../support/examples.js';

/** What a program prints in its table, by the label of the row. */
async function tableOf(example: Example): Promise<(label: string) => string> {
  const [command, ...args] = await commandOf(example);
  const { stdout } = await promisify(execFile)(command, args);
  return (label) => {
    const line = stdout.split('\n').find((each) => each.startsWith(`${label} `));
    if (line === undefined) throw new Error(`There is no row '${label}' in:\n${stdout}`);
    return line.slice(label.length).trim();
  };
}

test('image-service: answers or refuses every client under load, and recovers from a crash', async () => {
  const table = await tableOf({ name: 'image-service', args: ['100'] });
  const answered = Number(table('answered 200'));
  const refused = Number(table('answered 429'));
  expect(answered).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
  expect(answered + refused).toBe(100);
  expect(Number(table('calls cancelled for them'))).toBeGreaterThan(0);
  expect(table('workers that crashed')).toBe('1');
  expect(table('workers that are the same as before')).toBe('1');
  expect(table('reports of progress of one picture')).toMatch(/^0 .* 100$/);
  expect(table('calls left over')).toBe('0');
  expect(table('status of a picture afterwards')).toBe('200');
}, 120_000);

test('cart-service: loses no item that was acknowledged, whatever is killed', async () => {
  const table = await tableOf({ name: 'cart-service', args: ['8'], needs: 'node:sqlite' });
  expect(Number(table('children killed'))).toBeGreaterThan(0);
  expect(table('items acknowledged')).toBe('320');
  expect(table('items in the file')).toBe('320');
  expect(table('items lost')).toBe('0');
}, 180_000);

describe('fleet-top', () => {
  /** How many calls have ended in which way, as the last line says. */
  const account = (output: string): number[] => {
    const line = /^(\d+) calls: (\d+) answered, (\d+) open, (\d+) refused, (\d+) lost with a child$/m.exec(output);
    return (line ?? []).slice(1).map(Number);
  };

  test('prints plain lines into a pipe, and accounts for every call', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [programOf('fleet-top'), '4']);
    expect(stderr).toBe('');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toMatch(/^[\d,]+ calls\/s, \d+ waiting, \d+ running in 4, \d+ restarts, [\d.]+ MB, 99 % waited /m);
    expect(stdout).toMatch(/^\d+ has ended: SIGKILL$/m);
    expect(stdout).toMatch(/^\d+ has started after a crash$/m);
    const [made = 0, answered = 0, open, refused = 0, lost = 0] = account(stdout);
    expect(open).toBe(0);
    expect(answered).toBeGreaterThan(0);
    expect(answered + refused + lost).toBe(made);
  });

  test('redraws a terminal, obeys keys, and leaves the terminal as it was', async () => {
    // script(1) gives it a terminal.
    const command = `'${process.execPath}' '${programOf('fleet-top')}'`;
    const running = promisify(execFile)('script', ['-qec', command, '/dev/null']);
    /** What is typed, and what must be on the screen before that. */
    const typed: [key: string, after: string][] = [
      ['k', 'running'],
      ['+', 'has started after a crash'],
      ['r', 'loop'],
      ['q', 'has started for a recycled one'],
    ];
    let seen = '';
    running.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
      const [key, after] = typed[0] ?? [];
      if (key === undefined || after === undefined || !seen.includes(after)) return;
      running.child.stdin?.write(key);
      typed.shift();
      seen = '';
    });
    const { stdout } = await running;
    const [first = '', ...shown] = stdout.split('\u001b[1;1H');
    expect(first).toContain('\u001b[?1049h');
    expect(shown[0]).toMatch(/pid +state +running +calls +restarts +memory +cpu +loop/);
    expect(shown.at(-1)?.replaceAll('\r', '')).toContain('\u001b[?1049l\nclosed: ');
    expect(typed).toEqual([]);
    expect(account(stdout.replaceAll('\r', ''))[2]).toBe(0);
  }, 120_000);
});
