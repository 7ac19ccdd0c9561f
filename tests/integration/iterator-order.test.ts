import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, type Procxy } from 'procxy';
import { Stepping } from '../fixtures/stepping.js';
import { failure, sleep, within } from '../support/streams.js';

let proxy: Procxy<Stepping>;
beforeAll(async () => (proxy = await procxy(Stepping, '../fixtures/stepping.js')));
afterAll(() => proxy.$terminate());

const item = (value: unknown): object => ({ done: false, value });
const end = (value?: unknown): object => ({ done: true, value });

describe('requests to an iterator are answered in order', () => {
  test('next() before return()', async () => {
    const ten = await proxy.ten();
    expect(await Promise.all([ten.next(), ten.next(), ten.return('left' as never), ten.next()])).toEqual([
      item(1),
      item(2),
      end('left'),
      end(),
    ]);
  });

  for (const pause of [0, 50]) {
    test(`next() before throw(), if the generator catches it in ${pause} ms`, async () => {
      const catching = await proxy.catching(pause);
      await catching.next();
      const asked = [catching.next(), catching.throw(new Error('x')), catching.next(), catching.next()];
      const answers = await within(Promise.all(asked), 'the answers');
      expect(answers[0]).toEqual(item(2));
      const [, caught] = /^caught at (\d+)$/.exec(String(answers[1]?.value)) ?? [];
      // It may have made one ahead, which is dropped, and none that comes after what it caught.
      expect(answers.slice(2)).toEqual([item(Number(caught)), item(Number(caught) + 1)]);
      await catching.return(undefined as never);
    });
  }

  test('throw() before next(), even if the generator has run ahead', async () => {
    const catching = await proxy.catching(0);
    for (let n = 1; n <= 4; n++) expect(await catching.next()).toEqual(item(n));
    await sleep(30);
    const { value } = await catching.throw(new Error('x'));
    const [, caught] = /^caught at (\d+)$/.exec(String(value)) ?? [];
    expect([await catching.next(), await catching.next()]).toEqual([item(Number(caught)), item(Number(caught) + 1)]);
    await catching.return(undefined as never);
  });
});

describe('nothing is left after', () => {
  test('return() on a generator that had ended by itself', async () => {
    const ten = await proxy.ten();
    for (let n = 1; n <= 4; n++) await ten.next();
    await sleep(50);
    expect([await ten.return('left' as never), await ten.next()]).toEqual([end('left'), end()]);
  });

  test('throw(), or an earlier failure', async () => {
    const failing = await proxy.failing();
    await failing.next();
    await failing.next();
    await sleep(50);
    expect(await failure(failing.throw(new Error('mine')))).toMatchObject({ message: 'mine' });
    expect(await failing.next()).toEqual(end());
  });
});
