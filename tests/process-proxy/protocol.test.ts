import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as protocol from '../../src/process-proxy/protocol.js';

const header = readFileSync(new URL('../../src/process-proxy/native/protocol.h', import.meta.url), 'utf8');

/** The members of an enum of the header, without the prefix of their names. */
function enumOf(name: string): Record<string, number> {
  const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(header)?.[1] ?? '';
  const members = [...body.matchAll(/^\s*[A-Z]+?_(\w+) = (\w+),/gm)];
  return Object.fromEntries(members.map(([, member = '', value]) => [member, Number(value)]));
}

/** A #define of the header. */
function define(name: string): string | undefined {
  return new RegExp(`^#define ${name} "?([^"/]*?)"?\\s*(/\\*.*)?$`, 'm').exec(header)?.[1];
}

test.each([
  ['command', protocol.Command],
  ['message', protocol.Message],
  ['frame', protocol.Frame],
  ['welcome', protocol.Welcome],
])('the executable has the same values of the enum %s', (name, values) => {
  expect(Object.keys(values).length).toBeGreaterThan(1);
  expect(enumOf(name)).toEqual(values);
});

test('the executable has the same sizes and names', () => {
  expect(Number(define('TOKEN_SIZE'))).toBe(protocol.TOKEN_SIZE);
  expect(Number(define('SESSION_ID_SIZE'))).toBe(protocol.SESSION_ID_SIZE);
  expect(Number(define('WINDOW'))).toBe(protocol.WINDOW);
  expect(Number(define('FRAME_SIZE'))).toBe(protocol.FRAME_SIZE);
  expect(define('PLAIN_MAGIC')).toBe(protocol.PLAIN_MAGIC);
  expect(define('SESSION_MAGIC')).toBe(protocol.SESSION_MAGIC);
  expect(define('PORT_VARIABLE')).toBe(protocol.Variable.PORT);
  expect(define('TOKEN_VARIABLE')).toBe(protocol.Variable.TOKEN);
  expect(define('SESSION_VARIABLE')).toBe(protocol.Variable.SESSION);
});

test('every command has a response, except the one that waits for input', () => {
  const { AWAIT_STDIN, ...answered } = protocol.Command;
  expect([...protocol.responseShapes.keys()].toSorted()).toEqual(Object.values(answered).toSorted());
  expect(protocol.responseShapes.has(AWAIT_STDIN)).toBe(false);
});
