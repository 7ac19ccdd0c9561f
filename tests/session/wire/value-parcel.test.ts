import { beforeEach, describe, expect, test } from 'vitest';
import { createCodec } from '../../../src/codec/create-codec.js';
import type { Message } from '../../../src/protocol.js';
import { sendAtOnce, type Recovery } from '../../../src/session/wire/parcel.js';
import { ValueParcel, type Form } from '../../../src/session/wire/value-parcel.js';

const codec = createCodec({ mode: 'json', self: { current: undefined } });

const form: Form<number> = {
  root: 'reason',
  success: (signalId, reason) => ({ type: 'signal-abort', signalId, reason }),
  failure: (signalId, reason) => ({ type: 'signal-abort', signalId, reason }),
};

describe('ValueParcel', () => {
  let written: unknown[];
  let takenBack: number;
  /** Throws for a message that the channel must not accept. */
  let check: (message: Message) => void;
  const recovery: Recovery = { codec, takeBack: () => takenBack++, makeRoom: () => {} };

  beforeEach(() => {
    [written, takenBack, check] = [[], 0, () => {}];
  });

  const open = (): ValueParcel<number> => {
    const send = (parcel: ValueParcel<number>): void =>
      sendAtOnce(
        parcel,
        (message) => {
          check(message);
          written.push(codec.decode((message as { reason?: unknown }).reason));
        },
        recovery,
      );
    return new ValueParcel({ codec, form, send: (parcel) => send(parcel as ValueParcel<number>) }, 7, {
      method: 'run',
    });
  };

  test('carries a value', () => {
    const parcel = open();
    expect(parcel.isSent).toBe(false);
    parcel.succeed({ x: 1 });
    expect(parcel.isSent).toBe(true);
    expect(written).toEqual([{ x: 1 }]);
  });

  test('carries a thrown value of any type', () => {
    open().fail('a text');
    open().fail(undefined);
    open().fail(new RangeError('far'));
    expect(written).toMatchObject(['a text', undefined, { name: 'RangeError', message: 'far' }]);
  });

  test('sends an error instead of a value that cannot be encoded', () => {
    open().succeed({ x: [1n] });
    expect(written).toMatchObject([{ name: 'SerializationError', path: 'reason.x[0]' }]);
    expect((written[0] as Error).message).toMatch(/^run\(\): reason\.x\[0\] is a BigInt/);
  });

  test('sends an error instead of a thrown value that cannot be encoded', () => {
    open().fail(Symbol('none'));
    expect(written).toMatchObject([{ name: 'SerializationError', path: 'error' }]);
  });

  test('sends an error instead of a message that cannot be written, and takes back its exports', () => {
    check = (message) => {
      if (JSON.stringify(message).includes('large')) throw new RangeError('Invalid string length');
    };
    open().succeed({ x: 'large' });
    expect(written).toMatchObject([{ name: 'SerializationError', path: 'reason.x', cause: { name: 'RangeError' } }]);
    expect(takenBack).toBe(1);
  });

  test('sends the error without its cause if the cause cannot be written either', () => {
    check = (message) => {
      if (JSON.stringify(message).length > 10_000) throw new RangeError('Invalid string length');
    };
    const fault = {
      get x(): never {
        throw new TypeError('y'.repeat(20_000));
      },
    };
    open().succeed({ fault });
    expect(written).toMatchObject([{ name: 'SerializationError', path: 'reason.fault.x' }]);
    expect(written[0]).not.toHaveProperty('cause');
    expect((written[0] as Error).message).toMatch(/threw \(y+…\)/);
  });

  test('gives up if the channel cannot write any message', () => {
    let attempts = 0;
    check = () => {
      attempts++;
      throw new Error('broken');
    };
    open().succeed(1);
    expect(written).toEqual([]);
    expect(attempts).toBe(3);
  });
});
