import { expect, test } from 'vitest';
import { procxy } from 'procxy';
import { Mortal } from '../fixtures/mortal.js';
import { childPids, openDescriptors, until } from '../support/processes.js';
import { times } from '../support/thorough.js';

const module = '../fixtures/mortal.js';
const ROUNDS = times(40, 200);

test(`${ROUNDS} children leave no process, descriptor, listener or timer behind`, async () => {
  const round = async (): Promise<void> => {
    const mortal = await procxy(Mortal, module);
    await mortal.ping();
    await mortal.$terminate();
  };
  await round();
  await until(() => childPids().length === 0, 'the first round left nothing');
  const descriptors = openDescriptors();
  const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)]);
  const resources = process.getActiveResourcesInfo().length;
  for (let i = 0; i < ROUNDS / 2; i++) await Promise.all([round(), round()]);
  await until(() => childPids().length === 0, 'no process is left');
  expect(openDescriptors()).toBeLessThanOrEqual(descriptors);
  expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(listeners);
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(resources);
}, 240_000);

test('the shell that ends orphans ends with the last child', async () => {
  const first = await procxy(Mortal, module);
  const second = await procxy(Mortal, module);
  expect(childPids()).toHaveLength(3);
  await first.$terminate();
  expect(childPids()).toHaveLength(2);
  await second.$terminate();
  await until(() => childPids().length === 0, 'the shell ended');
});
