import { afterEach, beforeEach, expect, test } from 'vitest';
import { atExit } from '../../src/channel/at-exit.js';

let before: NodeJS.ExitListener[];
beforeEach(() => (before = process.listeners('exit')));
afterEach(() => expect(process.listeners('exit')).toEqual(before));

const added = (): NodeJS.ExitListener[] => process.listeners('exit').filter((listener) => !before.includes(listener));
/** As this process would, at its end. */
const exit = (): void => added().forEach((listener) => listener(0));

test('all actions share one listener, and run in their order', () => {
  const log: string[] = [];
  const stops = ['a', 'b', 'c'].map((name) => atExit(() => log.push(name)));
  expect(added()).toHaveLength(1);
  exit();
  expect(log).toEqual(['a', 'b', 'c']);
  for (const stop of stops) stop();
});

test('an action that was taken back does not run, and the listener goes with the last action', () => {
  const log: string[] = [];
  const stopFirst = atExit(() => log.push('first'));
  const stopSecond = atExit(() => log.push('second'));
  stopFirst();
  stopFirst();
  exit();
  expect(log).toEqual(['second']);
  stopSecond();
  expect(added()).toEqual([]);
});
