import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandOf, programOf } from '../support/examples.js';

/** What the program prints. Rejects when its exit code is not 0; a child that stayed behind would hold the pipe. */
function run(example: string, ...args: string[]): Promise<string> {
  return runWithInput('', example, ...args);
}

async function runWithInput(input: string, example: string, ...args: string[]): Promise<string> {
  const [command, ...rest] = await commandOf({ name: example, args });
  const running = promisify(execFile)(command, rest);
  running.child.stdin?.end(input);
  const { stdout, stderr } = await running;
  expect(stderr).toBe('');
  return stdout;
}

/** The figures of a row of a table; `NaN` for what is none. */
function row(output: string, label: string): number[] {
  const line = output.split('\n').find((candidate) => candidate.startsWith(`${label} `));
  if (line === undefined) throw new Error(`There is no row '${label}' in:\n${output}`);
  const columns = line.slice(label.length).trim().split(/ {2,}/);
  return columns.map((column) => Number(column.replaceAll(',', '').replace(/ ms$/, '')));
}

describe('image', () => {
  const images = new Map<string, PNG>();
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'procxy-examples-'));
    const output = await run('image', folder);
    for (const name of ['original', 'blur', 'edges', 'sepia']) {
      const path = join(folder, `${name}.png`);
      const file = await readFile(path);
      expect(row(output, path)).toEqual([file.length]);
      images.set(name, PNG.sync.read(file));
    }
  });

  afterAll(() => rm(folder, { recursive: true }));

  function color(name: string, x: number, y: number): number[] {
    const { width, data } = images.get(name) ?? new PNG();
    return [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
  }

  /** A point in the door, one on its left side, and one in the wall beside it. */
  const [inside, border, outside] = [
    [200, 260],
    [175, 260],
    [150, 260],
  ] as const;

  test('writes images of the same size', () => {
    for (const { width, height } of images.values()) expect([width, height]).toEqual([640, 400]);
  });

  test('blurs: areas keep their colour, and borders get a colour in between', () => {
    expect(color('blur', ...inside)).toEqual(color('original', ...inside));
    expect(color('blur', ...outside)).toEqual(color('original', ...outside));
    color('blur', ...border).forEach((value, channel) => {
      if (channel === 3) return expect(value).toBe(255);
      const limits = [color('original', ...inside)[channel] ?? 0, color('original', ...outside)[channel] ?? 0];
      expect(value).toBeGreaterThan(Math.min(...limits));
      expect(value).toBeLessThan(Math.max(...limits));
    });
  });

  test('finds edges: areas become black, borders bright', () => {
    expect(color('edges', ...inside)).toEqual([0, 0, 0, 255]);
    expect(color('edges', ...outside)).toEqual([0, 0, 0, 255]);
    expect(Math.max(...color('edges', 176, 260).slice(0, 3), ...color('edges', 175, 260).slice(0, 3))).toBe(255);
  });

  test('ages: everything is brown', () => {
    const { width, height } = images.get('sepia') ?? new PNG();
    for (let x = 0; x < width; x += 10) {
      for (let y = 0; y < height; y += 10) {
        const [red = 0, green = 0, blue = 0] = color('sepia', x, y);
        expect(red).toBeGreaterThanOrEqual(green);
        expect(green).toBeGreaterThan(blue);
      }
    }
  });
});

describe('factorial', () => {
  test('computes 5000!', async () => {
    const output = await run('factorial', '5000');
    expect(row(output, 'digits')).toEqual([16_326]);
    expect(row(output, 'zeros at the end')).toEqual([1249]);
    expect(output).toMatch(/^5000! +422857792660…$/m);
    expect(output).toContain('identical.');
  });

  test('does not block the parent meanwhile', async () => {
    // The children compute for seconds. A process that computed itself would give its timers no turn before the end.
    const output = await run('factorial', '130000');
    expect(output).toContain('identical.');
    expect(row(output, 'timer turns meanwhile')[0]).toBeGreaterThan(1);
  });
});

describe('analytics', () => {
  test('gets a Map back, and all that it promises of it holds', async () => {
    const output = await run('analytics');
    const visitors = ['newsletter', 'podcast', 'poster'].map((campaign) => row(output, campaign)[0]);
    expect(visitors.reduce((sum = 0, count = 0) => sum + count)).toBe(3000);
    const facts = [...output.matchAll(/^(yes|NO ) {2}(.+)$/gm)];
    expect(facts).toHaveLength(6);
    for (const [, holds, fact] of facts) expect(holds, fact).toBe('yes');
  });
});

describe('tcp-server', () => {
  let output = '';
  const figure = (label: string, column = 0) => row(output, label)[column];

  beforeAll(async () => {
    output = await run('tcp-server');
  });

  test('serves by both children, and by the replacement of the one that is killed', () => {
    const ANSWERS = 2;
    expect(figure('child 1', ANSWERS)).toBeGreaterThan(0);
    expect(figure('child 2, killed', ANSWERS)).toBeGreaterThanOrEqual(500);
    expect(figure('child 3, its replacement', ANSWERS)).toBeGreaterThanOrEqual(500);
  });

  test.each(['child 1', 'child 3, its replacement'])('loses nothing that reached %s', (child) => {
    const [, requests, answers] = row(output, child);
    expect(answers).toBe(requests);
  });

  test('accounts for every request', () => {
    const [sent = 0, answered = 0] = [figure('requests sent'), figure('answered with a status of 2xx')];
    expect(figure('answered with another status')).toBe(0);
    const children = ['child 1', 'child 2, killed', 'child 3, its replacement'];
    expect(children.reduce((sum, child) => sum + (row(output, child)[2] ?? 0), 0)).toBe(answered);
    expect(figure('never answered')).toBe(sent - answered);
    expect(output).toContain('The others answered every request they got.');
  });
});

describe('progress', () => {
  test('reports progress up to the end, and prints the right checksum', async () => {
    const folder = dirname(programOf('progress'));
    const names = ['checksum.js', 'main.js'];
    const hash = createHash('sha256');
    let bytes = 0;
    for (const name of names) {
      const content = await readFile(join(folder, name));
      hash.update(name).update(content);
      bytes += content.length;
    }
    const lines = (await run('progress', folder)).trimEnd().split('\n');
    expect(lines.at(-1)).toBe(`${names.length} files, ${bytes} bytes: ${hash.digest('hex')}`);
    expect(lines.at(-2)).toMatch(/^SHA-256 +100 %$/);
  });

  test('reports progress while the method runs, which never yields to its event loop', async () => {
    const reports = [...(await run('progress')).matchAll(/^SHA-256 +(\d+) %$/gm)].map(([, percent]) => Number(percent));
    expect(reports.length).toBeGreaterThan(1);
    expect(reports).toEqual(reports.toSorted((a, b) => a - b));
    expect(reports.at(-1)).toBe(100);
  });
});

describe('interactive', () => {
  const fields = (output: string) => JSON.parse(output.slice(output.indexOf('{'))) as unknown;

  test('reads the answers from a pipe, and asks again if one is wrong', async () => {
    const output = await runWithInput('My App\ntidy\n2\n2.0.0\n\n', 'interactive');
    expect(fields(output)).toEqual({ name: 'tidy', version: '2.0.0', license: 'MIT' });
    expect(output).toContain('"My App" is no package name.\n');
    expect(output).toContain('"2" is no version.\n');
  });

  test('ends when the input does', async () => {
    const output = await runWithInput('tidy', 'interactive');
    expect(fields(output)).toEqual({ name: 'tidy', version: '1.0.0', license: 'MIT' });
  });
});

describe('token-provider', () => {
  test('gets a token at first, and another when that is used up', async () => {
    const output = await run('token-provider', '7');
    expect([...output.matchAll(/^answered: \{ path: '\/reports\/(\d)' \}$/gm)].map(([, n]) => Number(n))).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
    expect(output).toContain('3 tokens, 7 requests answered, 2 refused.');
    expect(output.match(/^The child asks for a token\.$/gm)).toHaveLength(3);
  });
});

test('dom walks over a page that is parsed in a child', async () => {
  const output = await run('dom');
  expect(output).toContain('Birds\n  Birds\n    Owls\n    Swifts\n');
  expect(output).toContain('first link: /night\nwithin its paragraph: true, true\n');
  // The headings were released.
  expect(output).not.toContain('HTMLHeadingElement');
  const folder = await mkdtemp(join(tmpdir(), 'procxy-dom-'));
  const page = join(folder, 'page.html');
  await writeFile(page, '<title>Mine</title><h1>Mine</h1>');
  expect(await run('dom', page)).toMatch(/^Mine\n {2}Mine\nreferences:/);
  await rm(folder, { recursive: true });
});

describe('comparator', () => {
  test.each([
    ['size', ([a = 0]: number[], [b = 0]: number[]) => a >= b],
    ['files', ([, a = 0]: number[], [, b = 0]: number[]) => a >= b],
    ['average', ([a = 0, b = 1]: number[], [c = 0, d = 1]: number[]) => a / b >= c / d],
  ])('sorts by %s', async (order, inOrder) => {
    const output = await run('comparator', order);
    const found = [...output.matchAll(/^\S+ +(\d+) +(\d+)$/gm)].map(([, ...figures]) => figures.map(Number));
    expect(found).toHaveLength(10);
    for (const [index, next] of found.slice(1).entries()) expect(inOrder(found[index] ?? [], next)).toBe(true);
    const [, packages = 0, asked = 0] = /^(\d+) packages.* (\d+) times\.$/m.exec(output)?.map(Number) ?? [];
    expect(asked).toBeGreaterThanOrEqual(packages - 1);
  });
});

describe('log-processor', () => {
  const MEGABYTES = 200;
  let output = '';
  const figure = (label: string) => row(output, label)[0] ?? NaN;

  beforeAll(async () => {
    output = await run('log-processor', String(MEGABYTES));
  });

  test('finds every failure, and gets each back', () => {
    const requests = figure('requests in the log');
    expect(requests % 1000).toBe(0);
    expect(figure('failures that came back')).toBe(requests / 50);
    const paths = ['/', '/search', '/cart', '/pay', '/orders', '/help', '/about'];
    expect(paths.reduce((sum, path) => sum + figure(path), 0)).toBe(requests / 50);
    const last = new Date(requests * 100).toISOString();
    expect(output).toContain(`The last failure: ${last} 500 GET `);
  });

  test.each(['this process', 'the child'])('holds less than the log in %s', (place) => {
    expect(figure(`MB of memory at most, ${place}`)).toBeGreaterThan(0);
    expect(figure(`MB of memory at most, ${place}`)).toBeLessThan(MEGABYTES);
  });
});

describe('cancellable-search', () => {
  const hits = (output: string) => [...output.matchAll(/^\S+:\d+: .*/gm)];

  test('ends when there are enough hits', async () => {
    const output = await run('cancellable-search', 'import', '25', '60000');
    expect(hits(output)).toHaveLength(25);
    expect(output).toContain('That is enough. 25 hits.\n');
    expect(output).toMatch(/^\d+ files were read, and 0 after the end\.$/m);
  });

  test('ends when the time is up', async () => {
    const output = await run('cancellable-search', ['there-is', 'no-such-word'].join('-'), '1', '50');
    expect(output).toContain('The time is up. 0 hits.\n');
    expect(output).toMatch(/^\d+ files were read, and 0 after the end\.$/m);
  });
});

describe('commit-message', () => {
  test('git makes the commits whose messages keep the rules, and no others', async () => {
    expect(await run('commit-message')).toBe(
      [
        'refused: "fixed it"',
        'commit-msg: the subject begins with a capital letter',
        'commit-msg: the subject is an imperative: Fix, not Fixed',
        'refused: "Add a parser of dates."',
        'commit-msg: the subject has no full stop',
        'made:    "Add a parser of dates\\n\\nTime zones come later."',
        'log:     Add a parser of dates',
        '',
      ].join('\n'),
    );
  });
});

describe('terminal-filter', () => {
  test('turns lines around in a pipe', async () => {
    const running = promisify(execFile)(process.execPath, [programOf('terminal-filter')]);
    running.child.stdin?.end('stressed\nquit\nnever read\n');
    expect(await running).toEqual({ stdout: 'desserts\n', stderr: '1 lines\n' });
  });

  test('turns lines around in a terminal', async () => {
    // script(1) gives it a terminal, which echoes what is typed.
    const command = `'${process.execPath}' '${programOf('terminal-filter')}'`;
    const running = promisify(execFile)('script', ['-qec', command, '/dev/null']);
    running.child.stdin?.write('stressed\nquit\n');
    const { stdout } = await running;
    expect(stdout.replaceAll('\r', '')).toContain('desserts\n1 lines\n');
  });
});

describe('token-handover', () => {
  test('admits the bearer of the file once', async () => {
    expect(await run('token-handover')).toBe(
      [
        'proxy.env: 600',
        'with the file:        exit code 0 welcome, backup',
        'a second time:        exit code 1',
        'with a guessed token: exit code 1',
        '',
      ].join('\n'),
    );
  });
});

describe('python-child', () => {
  test('counts the words of each file, in their order', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'procxy-examples-'));
    const texts = { 'one.txt': 'Été, été! Où?\nété', 'empty.txt': '', 'long.txt': 'a '.repeat(500_000) };
    const files = Object.entries(texts).map(([name, text]) => [join(folder, name), text] as const);
    for (const [path, text] of files) await writeFile(path, text);
    try {
      expect(await run('python-child', ...files.map(([path]) => path))).toBe(
        [
          'Python is ready: true',
          "4 words, most often 'été': 3 times",
          "0 words, most often '': 0 times",
          "500000 words, most often 'a': 500000 times",
          'Python ended: 0',
          '',
        ].join('\n'),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
