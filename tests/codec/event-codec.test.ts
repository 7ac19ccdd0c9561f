import { describe, expect, test } from 'vitest';
import { eventHandler } from '../../src/codec/event-codec.js';
import { ProtocolError } from '../../src/errors.js';
import { cross } from '../support/crossing.js';

describe.each(['json', 'advanced'] as const)('an event, in %s mode', (mode) => {
  test('keeps its type and its flags', () => {
    const arrived = cross(mode, new Event('open', { cancelable: true })) as Event;
    expect(arrived).toBeInstanceOf(Event);
    expect(arrived).toMatchObject({ type: 'open', cancelable: true, bubbles: false });
  });

  test('with a detail is a CustomEvent', () => {
    const arrived = cross(mode, new CustomEvent('step', { detail: { percent: 50 } })) as CustomEvent;
    expect(arrived).toBeInstanceOf(CustomEvent);
    expect(arrived.detail).toEqual({ percent: 50 });
  });

  test('of a class that extends Event keeps what its accessors and fields hold, and loses what cannot cross', () => {
    class Progress extends Event {
      loaded = 3;
      view = (): void => {};
      #total = 9;
      get total(): number {
        return this.#total;
      }
      get target2(): EventTarget {
        throw new Error('not now');
      }
    }
    const arrived = cross(mode, new Progress('progress')) as Progress;
    expect(arrived).toMatchObject({ type: 'progress', loaded: 3, total: 9 });
    expect('view' in arrived).toBe(false);
    expect(cross(mode, new MessageEvent('message', { data: [1] }))).toMatchObject({ type: 'message', data: [1] });
  });
});

test('a malformed event is a violation', () => {
  const context = { decode: (wire: unknown) => wire, announce: () => {} };
  const sound = { type: 'x', bubbles: false, cancelable: false, composed: false, properties: {} };
  expect(eventHandler().decode(sound, context)).toBeInstanceOf(Event);
  for (const wire of [
    null,
    'x',
    {},
    { ...sound, type: 1 },
    { ...sound, bubbles: 'no' },
    { ...sound, properties: null },
  ]) {
    expect(() => eventHandler().decode(wire as never, context)).toThrow(ProtocolError);
  }
});
