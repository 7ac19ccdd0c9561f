import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

const base = [
  'protocol.ts',
  'types',
  'options',
  'classes.ts',
  'clock.ts',
  'errors.ts',
  'fleet-errors.ts',
  'instrumentation.ts',
  'host-errors.ts',
  'process-proxy-errors.ts',
  'realm.ts',
  'warnings.ts',
  'is-promise.ts',
  'is-object.ts',
  'plain-json.ts',
  'field-checks.ts',
  'require-from.ts',
  'stack-limit.ts',
];
const belowSession = ['codec', 'channel', ...base];
const room = (...rooms: string[]): string[] => [...rooms.map((name) => `session/${name}`), ...belowSession];

/**
 * What each layer may import, apart from itself. A layer is a folder under `src`, a room of `session/`, or a file that stands
 * beside those: the longest path that is listed decides.
 */
const allowed: Record<string, string[]> = {
  'index.ts': [
    'procxy.ts',
    'procxy-pool.ts',
    'procxy-keyed.ts',
    'parent',
    'codec',
    'errors.ts',
    'fleet-errors.ts',
    'host-errors.ts',
    'types',
    'options',
  ],
  'procxy.ts': ['in-process.ts', 'parent', 'types'],
  'procxy-pool.ts': ['in-process.ts', 'parent', 'types'],
  'procxy-keyed.ts': ['in-process.ts', 'parent', 'types'],
  'in-process.ts': ['parent', 'child', 'channel', 'types', 'classes.ts', 'errors.ts', 'clock.ts'],
  parent: ['parent', 'session', ...belowSession, 'loading-mark.ts', 'start-directory.ts'],
  'parent/launch': ['parent/launch', 'parent/options', 'parent/caller.ts', 'start-directory.ts', ...belowSession],
  'parent/options': ['parent/launch/runtime.ts', ...belowSession],
  'parent/launch/runtime.ts': ['parent/single-executable.ts', ...base],
  'parent/caller.ts': ['parent/main-file.ts', 'parent/single-executable.ts', 'call-sites.ts'],
  'parent/single-executable.ts': ['call-sites.ts'],
  'call-sites.ts': ['stack-limit.ts'],
  'parent/main-file.ts': ['require-from.ts'],
  child: ['session', ...belowSession, 'loading-mark.ts', 'start-directory.ts'],
  'session/open-session.ts': room(
    'session.ts',
    'handles.ts',
    'large-bytes.ts',
    'signals.ts',
    'calls',
    'events',
    'functions',
    'lifetimes',
    'references',
    'streams',
    'part.ts',
    'wire',
  ),
  'session/session.ts': room('part.ts', 'parts.ts', 'calls', 'wire'),
  'session/parts.ts': room('part.ts', 'calls', 'wire'),
  'session/signals.ts': room('part.ts', 'calls', 'wire'),
  'session/handles.ts': room('part.ts'),
  'session/large-bytes.ts': room('part.ts', 'wire'),
  'session/part.ts': room('calls', 'wire'),
  'session/streams': room('part.ts', 'calls', 'wire'),
  'session/sync': room('part.ts', 'functions', 'calls', 'wire'),
  'session/functions': room('part.ts', 'lifetimes', 'calls', 'wire'),
  'session/references': room('part.ts', 'events', 'lifetimes', 'calls', 'wire'),
  'session/lifetimes': room('part.ts'),
  'session/events': room('wire'),
  'session/calls': room('wire'),
  'session/wire': room(),
  codec: base,
  channel: base,
  'process-proxy': [
    'call-sites.ts',
    'errors.ts',
    'process-proxy-errors.ts',
    'clock.ts',
    'realm.ts',
    'require-from.ts',
    'send-buffer.ts',
    'after-reading.ts',
  ],
  remote: [
    'remote/link',
    'parent',
    'parent/launch',
    'parent/options',
    'parent/caller.ts',
    'session/streams',
    'channel',
    'after-reading.ts',
    ...base,
  ],
  'remote/link': ['errors.ts', 'clock.ts', 'send-buffer.ts', 'after-reading.ts'],
  ipc: ['channel', ...base],
  opentelemetry: ['parent', ...base],
  types: ['errors.ts', 'options'],
  options: ['clock.ts', 'realm.ts', 'field-checks.ts'],
  'loading-mark.ts': ['protocol.ts'],
  'start-directory.ts': [],
  'protocol.ts': ['types'],
  'procxy-error.ts': ['realm.ts'],
  'value-errors.ts': ['procxy-error.ts'],
  'errors.ts': ['procxy-error.ts', 'value-errors.ts', 'realm.ts'],
  'fleet-errors.ts': ['errors.ts'],
  'instrumentation.ts': ['protocol.ts'],
  'host-errors.ts': ['errors.ts'],
  'shared-errors.ts': ['errors.ts', 'fleet-errors.ts', 'host-errors.ts'],
  'process-proxy-errors.ts': ['errors.ts'],
  'warnings.ts': ['clock.ts'],
  'classes.ts': [],
  'require-from.ts': [],
  'stack-limit.ts': [],
  'clock.ts': [],
  'send-buffer.ts': [],
  'after-reading.ts': ['clock.ts'],
  'realm.ts': [],
  'is-promise.ts': [],
  'is-object.ts': [],
  'plain-json.ts': [],
  'field-checks.ts': [],
};

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

function layerOf(file: string): string {
  const parts = file.split(/[\\/]/);
  for (let length = parts.length; length > 0; length--) {
    const path = parts.slice(0, length).join('/');
    if (allowed[path]) return path;
  }
  return file;
}

/** Whether a rule that names a folder, or one of its rooms, admits a layer. */
const admits = (layer: string, imported: string): boolean =>
  allowed[layer]?.some((name) => imported === name || imported.startsWith(`${name}/`)) === true;

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '');
  return specifiers.map((specifier) => normalize(join(dirname(file), specifier)).replace(/\.js$/, '.ts'));
}

test('there are files to look at, and they import each other', () => {
  expect(files.length).toBeGreaterThan(20);
  expect(files.flatMap(importsOf).length).toBeGreaterThan(40);
  expect(importsOf('procxy.ts')).toContain(join('parent', 'spares.ts'));
});

for (const file of files) {
  test(`${relative('', file)} imports in one direction`, () => {
    const layer = layerOf(file);
    expect(allowed, `a new layer: ${layer}`).toHaveProperty([layer]);
    const wrong = importsOf(file).filter((imported) => {
      return layerOf(imported) !== layer && !admits(layer, layerOf(imported));
    });
    expect(wrong).toEqual([]);
  });
}

test('no file imports itself by way of others', () => {
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    expect(path, 'a cycle of imports').not.toContain(file);
    if (done.has(file)) return;
    for (const imported of importsOf(file)) visit(imported, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

const native = join(src, 'process-proxy', 'native');
const readC = (name: string): string => readFileSync(join(native, name), 'utf8');
const withoutText = (c: string): string => c.replace(/\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|^#.*/gm, ' ');

/** What each part of the native executable may include and call. Its platform stands in two files, of which each build has one. */
const allowedInC: Record<string, string[]> = {
  main: ['commands', 'link', 'fail', 'platform', 'protocol'],
  commands: ['link', 'fail', 'wire', 'platform', 'protocol'],
  link: ['streams', 'wire', 'fail', 'platform', 'protocol'],
  streams: ['ring', 'wire', 'fail', 'protocol'],
  fail: ['platform'],
  ring: ['protocol'],
  wire: ['protocol'],
  platform: [],
  protocol: [],
};
const partOf = (name: string): string => name.replace(/(?:_posix|_windows)?\.[ch]$/, '');
const cFiles = readdirSync(native).filter((name) => /\.[ch]$/.test(name));

/** The functions of a C file that others may call, each with the name of its part. */
const definitions = new Map(
  cFiles
    .filter((name) => name.endsWith('.c'))
    .flatMap((name) =>
      [...withoutText(readC(name)).matchAll(/^(?!static|#|typedef)\w[\w *]*?\b(\w+)\([^;{}]*\) \{/gm)].map(
        (match): [string, string] => [match[1] ?? '', partOf(name)],
      ),
    ),
);

/** The parts whose headers a C file includes, and whose functions it names. */
function usedInC(name: string): string[] {
  const included = [...readC(name).matchAll(/^#include "(\w+)\.h"/gm)].map((match) => match[1] ?? '');
  const called = [...withoutText(readC(name)).matchAll(/\b(\w+)\b/g)].flatMap(
    ([, word = '']) => definitions.get(word) ?? [],
  );
  return [...new Set([...included, ...called])].filter((part) => part !== partOf(name));
}

test('the parts of the native executable are found, with what they call', () => {
  expect([...new Set(cFiles.map(partOf))].toSorted()).toEqual(Object.keys(allowedInC).toSorted());
  expect(definitions.get('link_step')).toBe('link');
  expect(definitions.get('platform_wait')).toBe('platform');
  expect(definitions.get('native_main')).toBe('main');
  expect(usedInC('link.c')).toEqual(expect.arrayContaining(['streams', 'platform', 'fail']));
});

test.each(cFiles)('native/%s includes and calls in one direction', (name) => {
  expect(usedInC(name).filter((part) => !allowedInC[partOf(name)]?.includes(part))).toEqual([]);
});

test('no part of the native executable calls itself by way of others', () => {
  const visit = (part: string, path: string[]): void => {
    expect(path, 'a circle of calls').not.toContain(part);
    for (const next of allowedInC[part] ?? []) visit(next, [...path, part]);
  };
  for (const part of Object.keys(allowedInC)) visit(part, []);
});
