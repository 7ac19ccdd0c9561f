import { array, assert, boolean, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.js';
import { ArrivalOrder } from '../../../src/session/streams/arrival-order.js';

describe('ArrivalOrder', () => {
  test('merges two paths in the order of sending, whichever path is ahead', () => {
    const run = (byChannel: boolean[], channelIsNext: boolean[]): void => {
      const taken: number[] = [];
      const order = new ArrivalOrder();
      const take = (n: number) => () => void taken.push(n);
      const channel = byChannel.flatMap((is, n) => (is ? [() => order.message(take(n))] : []));
      const socket = byChannel.map((is, n) => (is ? () => order.mark() : () => order.aside(take(n))));
      for (const isNext of channelIsNext) (isNext ? channel : socket).shift()?.();
      for (const arrive of [...socket, ...channel]) arrive();
      expect(taken).toEqual(byChannel.map((_, n) => n));
    };
    assert(property(array(boolean()), array(boolean()), run));
  });

  test('too many messages without a counterpart are a violation', () => {
    for (const what of ['message', 'mark'] as const) {
      const order = new ArrivalOrder();
      const flood = (): void => {
        for (let n = 0; n < 10_000; n++) order[what](() => {});
      };
      expect(flood).toThrow(ProtocolError);
    }
  });
});
