import { beforeEach, describe, expect, test } from 'vitest';
import { CallbackLimitError } from '../../../src/errors.js';
import type { Message } from '../../../src/protocol.js';
import { Outbox } from '../../../src/session/wire/outbox.js';

describe('Outbox', () => {
  let written: string[];
  let failures: [name: string, error: unknown][];
  let collections: (() => void)[];
  let outbox: Outbox;
  /** How many more functions the other side accepts. */
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

  test('sends immediately if nothing waits', () => {
    send('first');
    send('second');
    expect(written).toEqual(['first', 'second']);
    expect(collections).toEqual([]);
  });

  test('sends nothing if build() returns nothing', () => {
    send('nothing', () => undefined);
    expect([written, failures]).toEqual([[], []]);
  });

  test('a parcel beyond the limit waits for one collection, and later ones wait behind it', () => {
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

  test('parcels that wait are built only when their turn comes', () => {
    sendFunction('function');
    let built = 0;
    send('second', () => (built++, message('second')));
    expect(built).toBe(0);
    collect();
    expect(built).toBe(1);
  });

  test('if the collection frees nothing, the parcel fails, and later ones continue', () => {
    sendFunction('function');
    send('second');
    collect();
    expect(failures).toMatchObject([['function', { name: 'CallbackLimitError' }]]);
    expect(written).toEqual(['second']);
  });

  test('if it frees nothing, waiting parcels do not ask for another collection', () => {
    for (const name of ['a', 'b', 'c']) sendFunction(name);
    collect();
    expect(failures.map(([name]) => name)).toEqual(['a', 'b', 'c']);
    expect(collections).toEqual([]);
  });

  test('many parcels beyond the limit wait for several collections, as long as each frees some', () => {
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

  test('other errors fail immediately', () => {
    send('unreadable', () => {
      throw new TypeError('no');
    });
    send('after');
    expect(failures).toMatchObject([['unreadable', { message: 'no' }]]);
    expect(written).toEqual(['after']);
    expect(collections).toEqual([]);
  });

  test('a replacement for a failed parcel is sent before later ones', () => {
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

  test('a parcel sent while another is built comes after it', () => {
    send('outer', () => {
      send('inner');
      return message('outer');
    });
    expect(written).toEqual(['outer', 'inner']);
  });

  test('a parcel sent while waiting ones are sent comes after them', () => {
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

  test('after the close, waiting parcels are not sent', () => {
    sendFunction('function');
    send('second');
    outbox.close();
    room = 1;
    collect();
    expect([written, failures]).toEqual([[], []]);
  });
});
