import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** Timers, ticks, microtasks and clocks that a test can fake. Only clock.ts, which takes the real ones, may name the global ones. */

const timers = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'];
const fakeable = new Set([...timers, 'nextTick', 'hrtime', 'queueMicrotask', 'performance', 'scheduler']);
const modules = new Set(['timers', 'timers/promises', 'perf_hooks', 'process']);
const onObjects = new Map([
  ['Date', 'now'],
  ['AbortSignal', 'timeout'],
]);

/** Each use of a clock that does not come from clock.ts, as text. */
function usesIn(text: string): string[] {
  const file = ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true);
  const real = new Set<string>();
  const uses: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const from = node.moduleSpecifier.text;
      if (from.endsWith('/clock.js')) return node.forEachChild(addReal);
      if (modules.has(from.replace(/^node:/, ''))) uses.push(node.getText());
    }
    if (isFakeable(node, real)) uses.push(node.parent.getText());
    node.forEachChild(visit);
  };
  const addReal = (node: ts.Node): void => {
    if (ts.isImportSpecifier(node)) real.add(node.name.text);
    node.forEachChild(addReal);
  };
  visit(file);
  return uses;
}

function isFakeable(node: ts.Node, real: ReadonlySet<string>): boolean {
  if (ts.isNewExpression(node)) return node.expression.getText() === 'Date' && !node.arguments?.length;
  if (!ts.isIdentifier(node) && !ts.isStringLiteralLike(node)) return false;
  const { parent } = node;
  const isMember =
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isElementAccessExpression(parent) && parent.argumentExpression === node);
  if (isMember && onObjects.get(parent.expression.getText().replace(/^globalThis\./, '')) === node.text) return true;
  if (!fakeable.has(node.text)) return false;
  const isPattern = ts.isBindingElement(parent);
  return isMember || isPattern || (ts.isIdentifier(node) && !real.has(node.text));
}

describe('the rule sees', () => {
  test.each([
    'setTimeout(run, 1);',
    'const timer: ReturnType<typeof setTimeout> = given;',
    'globalThis.setTimeout(run, 1);',
    "globalThis['setImmediate'](run);",
    'const { setInterval } = globalThis;',
    'const { clearTimeout: stop } = globalThis;',
    'global.queueMicrotask(run);',
    'process.nextTick(run);',
    "process['nextTick'](run);",
    'const { nextTick: tick } = process;',
    'process.hrtime.bigint();',
    'performance.now();',
    'globalThis.performance.now();',
    'Date.now();',
    'globalThis.Date.now();',
    'new Date();',
    'AbortSignal.timeout(1);',
    'scheduler.yield();',
    "import timers from 'node:timers';",
    "import { setTimeout as sleep } from 'node:timers/promises';",
    "import { performance as clock } from 'perf_hooks';",
    "import { nextTick as tick } from 'node:process';",
    "import { now } from './clock.js';\nsetTimeout(run, 1);",
    "import { setTimeout } from './other/clocks.js';\nsetTimeout(run, 1);",
    "import { setTimeout } from './clock.js';\nglobalThis.setTimeout(run, 1);",
  ])('%s', (text) => {
    expect(usesIn(text)).not.toEqual([]);
  });

  test.each([
    "import { setTimeout } from '../clock.js';\nsetTimeout(run, 1);",
    "import { now } from '../clock.js';\nnow();",
    'new Date(0);',
    'stream.setNoDelay();',
    '// setTimeout(run, 1)',
    "warn('setTimeout');",
  ])('and allows: %s', (text) => {
    expect(usesIn(text)).toEqual([]);
  });
});

const src = fileURLToPath(new URL('../src/', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

test('clock.ts takes the global timers', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(usesIn(readFileSync(`${src}clock.ts`, 'utf8'))).not.toEqual([]);
});

test.each(files.filter((file) => file !== 'clock.ts'))('%s takes the real clock', (file) => {
  expect(usesIn(readFileSync(`${src}${file}`, 'utf8'))).toEqual([]);
});
