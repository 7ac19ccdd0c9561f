import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeApp } from '../support/packed.js';

/** The lines that a child runs are in the coverage that Node collects, on which c8 and others report. */

const greeter = `export class Greeter {
  greet(name) {
    return 'Hello, ' + name;
  }
  unused() {}
}`;

const programs = {
  'terminated.js': 'await greeter.$terminate();',
  'left.js': '',
  'apart.js': 'await greeter.$terminate();',
};

let app: string;
beforeAll(async () => {
  const files: Record<string, string> = { 'package.json': '{ "type": "module" }', 'greeter.js': greeter };
  for (const [name, ending] of Object.entries(programs)) {
    const options =
      name === 'apart.js' ? '{ inheritEnv: false, env: { NODE_V8_COVERAGE: process.env.NODE_V8_COVERAGE } }' : '{}';
    files[name] = `import { procxy } from 'procxy';
      import { Greeter } from './greeter.js';
      const greeter = await procxy(Greeter, './greeter.js', ${options});
      console.log(await greeter.greet('Ada'));
      ${ending}`;
  }
  app = await makeApp(files);
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

interface Coverage {
  result: { url: string; functions: { functionName: string; ranges: { count: number }[] }[] }[];
}

test.each(Object.keys(programs))('covers the class in the child of %s', (program) => {
  const folder = mkdtempSync(join(app, 'coverage-'));
  const env = { ...process.env, NODE_V8_COVERAGE: folder };
  const { stdout } = spawnSync(process.execPath, [program], { cwd: app, env, encoding: 'utf8' });
  expect(stdout).toBe('Hello, Ada\n');

  const counts: Record<string, number> = { greet: 0, unused: 0 };
  const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Coverage);
  for (const { url, functions } of reports.flatMap(({ result }) => result)) {
    if (!url.endsWith('/greeter.js')) continue;
    for (const { functionName, ranges } of functions) {
      if (functionName in counts) counts[functionName]! += ranges[0]?.count ?? 0;
    }
  }
  expect(reports).toHaveLength(2);
  expect(counts).toEqual({ greet: 1, unused: 0 });
});
