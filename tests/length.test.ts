import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));
const MOST = 300;
const USUAL = 250;

/** The files that may be longer than usual, and the reason that each gives in the comment at its head. */
const reasons: Record<string, string> = {
  'parent/connection.ts': 'a connection answers for each member of `RemoteInstance`',
  'process-proxy/native/platform_windows.c': 'all of its parts share the handles and the last error',
  'remote/link/link.ts': 'each method of a link reads and changes its state',
  'remote/remote-worker.ts': 'it is a worker in all of its states',
  'session/streams/sink.ts': 'each method of a sink reads and changes its state',
  'types/forms.ts': 'its types are mutually recursive',
};

const isSource = (file: string): boolean => /\.(?:ts|js|c|h)$/.test(file) && !file.includes('native/build/');
const texts = new Map(
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter(isSource)
    .map((file) => [file, readFileSync(join(src, file), 'utf8')]),
);

function linesOf(file: string): number {
  return (texts.get(file) ?? '').split('\n').length - 1;
}

/** The text of the comment with which a file begins, as one line. */
function headOf(file: string): string {
  const [comment = ''] = /^\/\*[^]*?\*\//.exec(texts.get(file) ?? '') ?? [];
  return comment.replace(/\s*\n \*\s*/g, ' ');
}

test('only the protocol has more than 300 lines', () => {
  expect(texts.size).toBeGreaterThan(300);
  expect([...texts.keys()].filter((file) => linesOf(file) > MOST)).toEqual(['protocol.ts']);
});

test('every file of more than 250 lines has a reason for that', () => {
  const long = [...texts.keys()].filter((file) => linesOf(file) > USUAL && file !== 'protocol.ts');
  expect(long.filter((file) => !reasons[file])).toEqual([]);
});

test.each(Object.entries(reasons))('%s says at its head why it is longer than most', (file, reason) => {
  expect(headOf(file)).toContain('This file is longer than most, because');
  expect(headOf(file)).toContain(reason);
});
