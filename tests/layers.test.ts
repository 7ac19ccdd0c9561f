import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

const base = ['protocol.ts', 'types', 'clock.ts', 'errors.ts', 'warnings.ts'];
const belowSession = ['codec', 'channel', ...base];
const room = (...rooms: string[]): string[] => [...rooms.map((name) => `session/${name}`), ...belowSession];

/**
 * What each layer may import, apart from itself. A layer is a folder under `src`, a room of `session/`, or a file that stands
 * beside those: the longest path that is listed decides.
 */
const allowed: Record<string, string[]> = {
  'index.ts': ['parent', 'codec', 'errors.ts', 'types'],
  parent: ['parent', 'session', ...belowSession, 'loading-mark.ts'],
  'parent/launch': ['parent/launch', 'parent/options', 'parent/caller.ts', ...belowSession],
  'parent/options': ['parent/launch/runtime.ts', ...belowSession],
  'parent/launch/runtime.ts': base,
  'parent/caller.ts': [],
  child: ['session', ...belowSession, 'loading-mark.ts'],
  'session/session.ts': room('part.ts', 'calls', 'wire'),
  'session/signals.ts': room('part.ts', 'calls', 'wire'),
  'session/handles.ts': room('part.ts'),
  'session/part.ts': room('calls', 'wire'),
  'session/streams': room('part.ts', 'calls', 'wire'),
  'session/sync': room('part.ts', 'functions', 'calls', 'wire'),
  'session/functions': room('part.ts', 'calls', 'wire'),
  'session/events': room('wire'),
  'session/calls': room('wire'),
  'session/wire': room(),
  codec: base,
  channel: base,
  'process-proxy': ['errors.ts', 'clock.ts'],
  ipc: ['channel', ...base],
  types: ['errors.ts'],
  'loading-mark.ts': ['protocol.ts'],
  'protocol.ts': ['types'],
  'errors.ts': [],
  'warnings.ts': ['clock.ts'],
  'clock.ts': [],
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
  expect(importsOf(join('parent', 'procxy.ts'))).toContain(join('parent', 'spares.ts'));
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
