import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasNats, startNats, type NatsServer } from '../support/nats.js';
import { pages, pagesWithPackages } from '../support/pages.js';
import { stopServers } from '../support/snippet-servers.js';
import { makeFolder, readPage, runCommand, TypeCheck, type Command, type Outcome } from '../support/snippets.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const sources = pages
  .filter((name) => !pagesWithPackages.includes(name))
  .map((name) => ({ name, ...readPage(join(root, name)) }));
const types = new TypeCheck(sources.flatMap(({ commands }) => commands));
beforeAll(() => void types.run());

for (const { name, commands, problems } of sources) {
  describe(name, () => {
    let folder: string;
    let nats: NatsServer | undefined;
    const needsNats = ['docs/remote.md', 'docs/hosts.md'].includes(name);
    beforeAll(async () => {
      folder = makeFolder();
      nats = needsNats && hasNats ? await startNats() : undefined;
      if (nats) process.env['NATS_URL'] = nats.url;
    });
    afterAll(async () => {
      await stopServers(folder);
      rmSync(folder, { recursive: true });
      await nats?.kill();
    });

    test('every snippet is run', () => expect(problems).toEqual([]));

    for (const command of commands) {
      test.runIf(hasNats || !needsNats)(`line ${command.line}: ${command.text}`, async () => {
        const outcome = await runCommand(folder, command, types);
        expect(outcome).toEqual({ typeErrors: [], output: command.expected, stderr: '' });
      });
    }
  });
}

describe('a page', () => {
  let folder: string;
  beforeAll(() => {
    folder = makeFolder();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Fences as they stand in a page: the language, then the lines. */
  function read(...fences: [language: string, ...body: string[]][]): ReturnType<typeof readPage> {
    const path = join(mkdtempSync(join(folder, 'page-')), 'page.md');
    writeFileSync(
      path,
      fences.map(([language, ...body]) => ['```' + language, ...body, '```', ''].join('\n')).join('\n'),
    );
    return readPage(path);
  }

  /** The outcome of a page's last command. */
  async function outcome(...fences: Parameters<typeof read>): Promise<Outcome & Pick<Command, 'expected'>> {
    const { commands, problems } = read(...fences);
    expect(problems).toEqual([]);
    const command = commands.at(-1) ?? expect.unreachable('the page has no command');
    return { ...(await runCommand(folder, command)), expected: command.expected };
  }

  test('that is right shows what its programs print, with … for any text', async () => {
    const { expected, ...found } = await outcome(
      ['js', '// once.js', 'console.log("once");'],
      ['console', '$ node once.js', 'once'],
      ['js', '// once.js', 'export const again = `pid ${process.pid}`;'],
      [
        'js',
        '// main.js',
        "import { again } from './once.js';",
        'console.log(`${again}, on two\\nlines`);',
        'process.exit(3);',
      ],
      ['console', '$ node main.js', 'pid …, on two', 'lines', '(exit code 3)'],
      ['sh', 'npm install procxy'],
    );
    expect(found).toEqual({ typeErrors: [], output: expected, stderr: '' });
  });

  test('may continue a file', async () => {
    const { expected, ...found } = await outcome(
      ['js', '// main.js', 'const one = 1;'],
      ['js', '// main.js, continued', 'console.log(one);'],
      ['console', '$ node main.js', '1'],
    );
    expect(found).toEqual({ typeErrors: [], output: expected, stderr: '' });
  });

  test('may start one of its files as a program', async () => {
    const { expected, ...found } = await outcome(
      ['js', '// tool.js', 'console.log("tool");'],
      [
        'js',
        '// main.js',
        "import { spawnSync } from 'node:child_process';",
        "spawnSync(process.execPath, ['tool.js'], { stdio: 'inherit' });",
      ],
      ['console', '$ node main.js', 'tool'],
    );
    expect(found).toEqual({ typeErrors: [], output: expected, stderr: '' });
  });

  test('with a fence that names no file, or continues none, is wrong', () => {
    expect(read(['js', 'console.log(1);'], ['js', '// main.js, continued']).problems).toEqual([
      'line 1: the fence names no file',
      'line 5: there is no main.js to continue',
    ]);
  });

  test('with a file that nothing runs is wrong, also when it is replaced too early', () => {
    const { problems } = read(
      ['js', '// main.js', "import './used.js';"],
      ['js', '// used.js', 'export {};'],
      ['js', '// main.js', "import './used.js';", 'await 1;'],
      ['console', '$ node main.js'],
      ['js', '// late.js', 'export {};'],
    );
    expect(problems).toEqual([
      'line 1: main.js is neither run nor imported by a file that is',
      'line 21: late.js is neither run nor imported by a file that is',
    ]);
  });

  test('with a fence of another kind is wrong', () => {
    const { problems } = read(
      ['javascript', '1'],
      ['console', 'node main.js'],
      ['console', '$ rm -rf build'],
      ['', 'text'],
    );
    expect(problems).toEqual([
      "line 1: a fence of the language 'javascript'",
      'line 5: the fence does not begin with a command',
      'line 9: neither "node file" nor "npx tsx file" nor "npx tsc file" nor "npx procxy-host file": rm -rf build',
      "line 13: a fence of the language ''",
    ]);
  });

  test('with another output is wrong', async () => {
    const { output, expected } = await outcome(
      ['js', '// main.js', 'console.log("two"); console.log("lines");'],
      ['console', '$ node main.js', 'two', 'l…e'],
    );
    expect(output).toEqual(['two', 'lines']);
    expect(output).not.toEqual(expected);
  });

  test('with too little or too much output is wrong', async () => {
    const main: [string, ...string[]] = ['js', '// main.js', 'console.log("one");'];
    expect((await outcome(main, ['console', '$ node main.js', 'one', '…'])).output).toEqual(['one']);
    expect((await outcome(main, ['console', '$ node main.js'])).output).toEqual(['one']);
  });

  test('whose program exits with a code that is not expected is wrong', async () => {
    const { output } = await outcome(['js', '// main.js', 'process.exit(7);'], ['console', '$ node main.js']);
    expect(output).toEqual(['(exit code 7)']);
  });

  test('whose program dies of an uncaught error is wrong, even where the exit code is expected', async () => {
    const { output, expected, stderr } = await outcome(
      ['js', '// main.js', 'throw new RangeError("nobody catches this");'],
      ['console', '$ node main.js', '(exit code 1)'],
    );
    expect(output).toEqual(expected);
    expect(stderr).toContain('RangeError: nobody catches this');
  });

  test('may show what the compiler says', async () => {
    const { output, expected, typeErrors } = await outcome(
      ['ts', '// wrong.ts', 'export const length: string = [].length;'],
      [
        'console',
        '$ npx tsc --noEmit wrong.ts',
        "wrong.ts(2,14): error TS2322: Type 'number' is not …",
        '(exit code 2)',
      ],
    );
    expect(output).toEqual(expected);
    expect(typeErrors).toEqual([]);
  });

  test('whose types are wrong is wrong', async () => {
    const { typeErrors, output } = await outcome(
      ['ts', '// worker.ts', 'export class Worker {', '  double(n: number): number {', '    return n * 2;', '  }', '}'],
      [
        'ts',
        '// main.ts',
        "import { procxy } from 'procxy';",
        "import { Worker } from './worker.js';",
        'const worker = await procxy(Worker);',
        "const result: string = await worker.double('2' as never);",
        'console.log(result);',
        'await worker.$terminate();',
      ],
      ['console', '$ npx tsx main.ts', '4'],
    );
    expect(output).toEqual(['4']);
    expect(typeErrors).toEqual([expect.stringMatching(/main\.ts:5: Type 'number' is not assignable to type 'string'/)]);
  });
});
