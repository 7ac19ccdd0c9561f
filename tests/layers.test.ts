import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** What each layer may import, apart from itself. Files directly under `src` are layers of their own. */
const allowed: Record<string, string[]> = {
  'index.ts': ['parent', 'codec', 'errors.ts', 'types'],
  parent: [
    'session',
    'codec',
    'channel',
    'protocol.ts',
    'types',
    'clock.ts',
    'errors.ts',
    'warnings.ts',
    'loading-mark.ts',
  ],
  child: [
    'session',
    'codec',
    'channel',
    'protocol.ts',
    'types',
    'clock.ts',
    'errors.ts',
    'warnings.ts',
    'loading-mark.ts',
  ],
  session: ['codec', 'channel', 'protocol.ts', 'types', 'clock.ts', 'errors.ts', 'warnings.ts'],
  codec: ['protocol.ts', 'types', 'errors.ts'],
  channel: ['protocol.ts', 'types', 'clock.ts', 'errors.ts'],
  'process-proxy': ['errors.ts'],
  ipc: ['channel', 'protocol.ts', 'clock.ts', 'errors.ts', 'warnings.ts'],
  types: ['errors.ts'],
  'loading-mark.ts': ['protocol.ts'],
  'protocol.ts': ['types'],
  'errors.ts': [],
  'warnings.ts': ['clock.ts'],
  'clock.ts': [],
};

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const layerOf = (file: string): string => file.split(/[\\/]/)[0] ?? '';

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
      return layerOf(imported) !== layer && !allowed[layer]?.includes(layerOf(imported));
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
