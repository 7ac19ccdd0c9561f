import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { OptionsValidationError } from '../../../src/errors.js';
import {
  containmentFlags,
  isPermissionFlag,
  type AgentFiles,
  type Containment,
} from '../../../src/parent/launch/containment.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procxy-containment-')));
const link = join(folder, 'link');
symlinkSync(folder, link);
afterAll(() => rmSync(folder, { recursive: true }));

const node: AgentFiles = {
  runtime: 'node',
  execPath: process.execPath,
  agent: join(folder, 'dist', 'agent.cjs'),
  isAlone: false,
};
const deno: AgentFiles = { ...node, runtime: 'deno' };
const bun: AgentFiles = { ...node, runtime: 'bun' };
const flags = (containment: Partial<Containment>, files = node): string[] =>
  containmentFlags({ permissions: undefined, resourceLimits: undefined, ...containment }, files);

test('there are no flags if nothing is limited', () => {
  for (const files of [node, deno, bun]) expect(flags({}, files)).toEqual([]);
});

describe('permissions in Node', () => {
  test('begin with the flag that turns the model on, and allow reading the agent', () => {
    const [first, ...rest] = flags({ permissions: {} });
    expect(first).toMatch(/^--(experimental-)?permission$/);
    expect(rest).toContain(`--allow-fs-read=${join(folder, 'dist')}`);
    expect(rest.every((flag) => /^--allow-(fs-read=|net$)/.test(flag))).toBe(true);
  });

  test('allow reading only the agent itself if it is a copy among other files', () => {
    const read = flags({ permissions: {} }, { ...node, isAlone: true }).filter((flag) => flag.includes('fs-read'));
    expect(read).toEqual([`--allow-fs-read=${join(folder, 'dist', 'agent.cjs')}`]);
  });

  test.each<[string, (string | URL)[], string[]]>([
    [
      'paths and URLs',
      [`${folder}/`, pathToFileURL(join(folder, 'a b')), pathToFileURL('/not/there').href],
      [folder + sep, join(folder, 'a b'), resolve('/not/there')],
    ],
    ['the files that links lead to', [link, `${link}/`], [link, folder, link + sep, folder + sep]],
  ])('name %s', (_what, read, expected) => {
    const found = flags({ permissions: { read } }).filter((flag) => flag.startsWith('--allow-fs-read='));
    for (const path of expected) {
      expect(found).toContain(`--allow-fs-read=${path}`);
    }
    expect(new Set(found).size).toBe(found.length);
  });

  test('name a directory once, however it is spelled', () => {
    const path = join(folder, 'a b');
    const write = [
      path,
      path.replaceAll(sep, '/'),
      join(folder, '..') + sep + basename(folder) + '//a b',
      pathToFileURL(path),
    ];
    const found = flags({ permissions: { write } }).filter((flag) => flag.startsWith('--allow-fs-write='));
    expect(found).toEqual([`--allow-fs-write=${path}`]);
  });

  test('may allow all files', () => {
    expect(flags({ permissions: { read: true, write: true } })).toEqual(
      expect.arrayContaining(['--allow-fs-read=*', '--allow-fs-write=*']),
    );
  });

  test.each([
    ['childProcess', '--allow-child-process'],
    ['worker', '--allow-worker'],
    ['addons', '--allow-addons'],
  ] as const)('for %s are granted only on request', (name, flag) => {
    expect(flags({ permissions: { [name]: true } })).toContain(flag);
    expect(flags({ permissions: { [name]: false } })).not.toContain(flag);
    expect(flags({ permissions: {} })).not.toContain(flag);
  });

  test('need an executable that prints its version', () => {
    const ask = (execPath: string) => () => flags({ permissions: {} }, { ...node, execPath });
    expect(ask('/bin/echo')).toThrow(OptionsValidationError);
    expect(ask('/bin/echo')).toThrow('/bin/echo');
    expect(ask('/nowhere/node')).toThrow(OptionsValidationError);
  });
});

describe('permissions in Deno', () => {
  test('are lists, and the network is open unless it is closed', () => {
    const [a, b] = [resolve('/a'), resolve('/b')];
    const found = flags({ permissions: { read: [a, b], write: true } }, deno);
    expect(found).toContain('--no-prompt');
    expect(found.filter((flag) => flag.startsWith(`--allow-read=${a},${b},`))).toHaveLength(1);
    expect(found).toEqual(expect.arrayContaining(['--allow-write', '--allow-net']));
    expect(flags({ permissions: { network: false } }, deno)).not.toContain('--allow-net');
  });

  test('cannot name a path with a comma', () => {
    expect(() => flags({ permissions: { read: ['/a,b'] } }, deno)).toThrow(OptionsValidationError);
    expect(() => flags({ permissions: { write: ['/a,b'] } }, deno)).toThrow('permissions.write');
  });
});

describe('limits of the heap', () => {
  const resourceLimits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 12 };

  test('are flags of V8, of which the young generation is three parts', () => {
    expect(flags({ resourceLimits })).toEqual(['--max-old-space-size=64', '--max-semi-space-size=4']);
    expect(flags({ resourceLimits: { maxYoungGenerationSizeMb: 1 } })).toEqual(['--max-semi-space-size=1']);
    expect(flags({ resourceLimits }, deno)).toEqual(['--v8-flags=--max-old-space-size=64,--max-semi-space-size=4']);
    expect(flags({ resourceLimits: {} }, deno)).toEqual([]);
  });
});

test.each<[keyof Containment]>([['permissions'], ['resourceLimits']])('%s are refused for another runtime', (name) => {
  expect(() => flags({ [name]: {} }, bun)).toThrow(OptionsValidationError);
  expect(() => flags({ [name]: {} }, bun)).toThrow(name);
});

test.each([
  ['--permission', true],
  ['--experimental-permission', true],
  ['--allow-fs-read=/a', true],
  ['--allow-addons', true],
  ['--permissions-are-nice', false],
  ['--expose-gc', false],
])("%s is a flag of the parent's permissions: %s", (flag, is) => {
  expect(isPermissionFlag(flag)).toBe(is);
});
