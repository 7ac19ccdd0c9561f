import { beforeEach, describe, expect, test } from 'vitest';
import { CallbackLimitError } from '../../../src/errors.js';
import type { Message } from '../../../src/protocol.js';
import { Outbox } from '../../../src/session/wire/outbox.js';

describe('Outbox', () => {
  let written: string[];
  let failures: [name: string, error: unknown][];
  let collections: (() => void)[];
  let outbox: Outbox;
  /** How many functions the other side still takes. */
  let room: number;

  beforeEach(() => {
    [written, failures, collections, room] = [[], [], [], 0];
    outbox = new Outbox({
      write: (message) => {
        written.push((message as { callbackId: string }).callbackId);
      },
      makeRoom: (done) => collections.push(done),
    });
  });

  const message = (name: string): Message => ({ type: 'callback-release', callbackId: name });
  const send = (name: string, build: () => Message | undefined = () => message(name)): void =>
    outbox.send({ build, method: name, failed: (error) => failures.push([name, error]) });
  const sendFunction = (name: string): void =>
    send(name, () => {
      if (room-- <= 0) throw new CallbackLimitError('full');
      return message(name);
    });
  const collect = (): void => collections.shift()?.();

  test('sends at once what may be sent', () => {
    send('first');
    send('second');
    expect(written).toEqual(['first', 'second']);
    expect(collections).toEqual([]);
  });

  test('sends nothing where nothing was built', () => {
    send('nothing', () => undefined);
    expect([written, failures]).toEqual([[], []]);
  });

  test('one beyond the limit waits for one collection, and all after it wait too, in order', () => {
    sendFunction('function');
    send('second');
    send('third');
    expect(written).toEqual([]);
    expect(collections).toHaveLength(1);
    room = 1;
    collect();
    expect(written).toEqual(['function', 'second', 'third']);
    send('fourth');
    expect(written.at(-1)).toBe('fourth');
    expect(collections).toEqual([]);
  });

  test('what waits is built only then', () => {
    sendFunction('function');
    let built = 0;
    send('second', () => (built++, message('second')));
    expect(built).toBe(0);
    collect();
    expect(built).toBe(1);
  });

  test('where the collection brings no room it fails, and those after it go on', () => {
    sendFunction('function');
    send('second');
    collect();
    expect(failures).toMatchObject([['function', { name: 'CallbackLimitError' }]]);
    expect(written).toEqual(['second']);
  });

  test('where it brings none, no other is asked for by those that wait', () => {
    for (const name of ['a', 'b', 'c']) sendFunction(name);
    collect();
    expect(failures.map(([name]) => name)).toEqual(['a', 'b', 'c']);
    expect(collections).toEqual([]);
  });

  test('more than the limit wait for several collections, as long as each brings room', () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) sendFunction(name);
    send('last');
    const asked: number[] = [];
    while (collections.length > 0) {
      asked.push(collections.length);
      room = 2;
      collect();
    }
    expect(asked).toEqual([1, 1, 1]);
    expect(written).toEqual(['a', 'b', 'c', 'd', 'e', 'last']);
    expect(failures).toEqual([]);
  });

  test('other errors fail at once', () => {
    send('unreadable', () => {
      throw new TypeError('no');
    });
    send('after');
    expect(failures).toMatchObject([['unreadable', { message: 'no' }]]);
    expect(written).toEqual(['after']);
    expect(collections).toEqual([]);
  });

  test('what is sent in place of one that failed comes before all that follows', () => {
    outbox.send({
      method: 'unreadable',
      build: () => {
        throw new TypeError('no');
      },
      failed: () => {
        send('instead');
        expect(written).toEqual(['instead']);
      },
    });
    send('after');
    expect(written).toEqual(['instead', 'after']);
  });

  test('what is sent while another is built comes after it', () => {
    send('outer', () => {
      send('inner');
      return message('outer');
    });
    expect(written).toEqual(['outer', 'inner']);
  });

  test('what is sent while those that waited are sent comes after them', () => {
    sendFunction('function');
    send('second', () => {
      send('nested');
      return message('second');
    });
    send('third');
    room = 1;
    collect();
    expect(written).toEqual(['function', 'second', 'third', 'nested']);
  });

  test('after the close nothing that waits is sent', () => {
    sendFunction('function');
    send('second');
    outbox.close();
    room = 1;
    collect();
    expect([written, failures]).toEqual([[], []]);
  });
});
