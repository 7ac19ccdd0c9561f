import { beforeEach, describe, expect, test } from 'vitest';
import type { Batch, LoneRow, Message } from '../../../src/protocol.js';
import { Batcher, type BatcherOptions } from '../../../src/session/wire/batcher.js';
import type { Parcel } from '../../../src/session/wire/parcel.js';
import { WriteLog } from '../../../src/session/wire/write-log.js';

type Written = Message | Batch | LoneRow;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const message = (callbackId: string): Message => ({ type: 'callback-release', callbackId });

/** The names of the messages in a written message. */
function names(written: Written): string | string[] {
  if (Array.isArray(written)) return written.join();
  if (written.type !== 'batch') return 'callbackId' in written ? written.callbackId : written.type;
  return written.rows.filter((row) => typeof row === 'object').map((row) => names(row as Message) as string);
}

describe('Batcher', () => {
  let written: Written[];
  let prefaces: Message[];
  let failures: string[];
  /** Messages that the channel cannot write. */
  let unwritable: Set<string>;
  let batcher: Batcher;
  let time: number;
  let isWatched: boolean;

  beforeEach(() => {
    const own: Written[] = [];
    [written, prefaces, failures, unwritable] = [own, [], [], new Set()];
    time = 0;
    isWatched = false;
    const options: BatcherOptions = {
      channel: {
        send(sent) {
          const all = [names(sent as Written)].flat();
          if (all.some((name) => unwritable.has(name))) throw new RangeError('too large');
          own.push(sent as Written);
        },
        isWatched: () => isWatched,
        onMessage: () => {},
        onClose: () => {},
        close: () => {},
      },
      preface: () => prefaces.shift(),
      onUnwritable: (_message, parcel, error) => parcel.failed(error),
    };
    batcher = new Batcher(options, () => time);
    batcher.enabled = true;
  });

  const send = (...all: string[]): void => {
    for (const name of all) {
      const parcel: Parcel = { method: name, build: () => undefined, failed: () => failures.push(name) };
      batcher.send(message(name), parcel);
    }
  };

  test('the first messages are written individually, and the rest of the turn as one batch', async () => {
    send('a', 'b', 'c', 'd', 'e', 'f', 'g');
    expect(written.map(names)).toEqual(['a', 'b', 'c', 'd']);
    await nextTurn();
    expect(written.map(names)).toEqual(['a', 'b', 'c', 'd', ['e', 'f', 'g']]);
    expect(batcher.sent).toBe(7);
  });

  test('a single held message is not written as a batch', async () => {
    send('a', 'b', 'c', 'd', 'e');
    await nextTurn();
    expect(written).toHaveLength(5);
    expect(written[4]).toEqual(message('e'));
  });

  describe('a call by itself', () => {
    const call: Message = { type: 'call-invoke', callId: 1, method: 'add', args: [] };
    const invoke: Message = { type: 'callback-invoke', callbackId: 'f', invokeId: 2, args: [] };
    const parcel: Parcel = { build: () => undefined, failed: () => {} };
    const row = ['procxy', 1, 1, 'add', []];

    test('is written as a row', () => {
      batcher.send(call, parcel);
      batcher.send(invoke, parcel);
      expect(written).toEqual([row, ['procxy', 4, 2, 'f', []]]);
    });

    test('is written as an object to a side that reads no batches', () => {
      batcher.enabled = false;
      batcher.send(call, parcel);
      expect(written).toEqual([call]);
    });

    test('is written as an object when somebody besides the session reads it there', () => {
      batcher.send(call, parcel);
      batcher.isWatched = true;
      batcher.send(call, parcel);
      expect(written).toEqual([row, call]);
    });

    test('is written as an object while somebody sees what is sent here', () => {
      isWatched = true;
      batcher.send(invoke, parcel);
      isWatched = false;
      batcher.send(call, parcel);
      expect(written).toEqual([invoke, row]);
    });
  });

  test('after a pause, held messages and then the next one are written immediately', () => {
    send('a', 'b', 'c', 'd', 'e', 'f');
    time += 1;
    send('g');
    expect(written.map(names)).toEqual(['a', 'b', 'c', 'd', ['e', 'f'], 'g']);
  });

  test('the answer to a message is written immediately', async () => {
    send('a', 'b', 'c', 'd', 'e');
    await nextTurn();
    batcher.startTurn();
    send('answer');
    expect(written.at(-1)).toEqual(message('answer'));
  });

  test('there are no batches if the other side does not read them', () => {
    batcher.enabled = false;
    send('a', 'b', 'c', 'd', 'e', 'f');
    expect(written.map(names)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  test('a long burst is written before it ends', () => {
    send(...Array.from({ length: 2000 }, (_, index) => `${index}`));
    expect(written.length).toBeGreaterThan(5);
    expect(written.map(names).flat().slice(0, 1000)).toEqual(Array.from({ length: 1000 }, (_, index) => `${index}`));
  });

  test('a message that cannot wait is written after held messages', () => {
    send('a', 'b', 'c', 'd', 'e', 'f');
    batcher.sendNow(message('now'), { method: '', build: () => undefined, failed: () => {} });
    expect(written.map(names)).toEqual(['a', 'b', 'c', 'd', ['e', 'f'], 'now']);
  });

  test('a message that cannot be written does not affect others', async () => {
    unwritable.add('f');
    send('a', 'b', 'c', 'd', 'e', 'f', 'g');
    await nextTurn();
    expect(written.map(names)).toEqual(['a', 'b', 'c', 'd', 'e', 'g']);
    expect(failures).toEqual(['f']);
    expect(batcher.sent).toBe(6);
  });

  test('the preface is written first, once for a batch', async () => {
    prefaces = [message('before a')];
    send('a', 'b', 'c', 'd', 'e', 'f');
    prefaces = [message('before e')];
    await nextTurn();
    expect(written.map(names)).toEqual(['before a', 'a', 'b', 'c', 'd', ['before e', 'e', 'f']]);
  });

  test('flush writes held messages, or only the preface if there are none', () => {
    send('a', 'b', 'c', 'd', 'e');
    batcher.flush();
    expect(written).toHaveLength(5);
    prefaces = [message('news')];
    batcher.flush();
    expect(written.map(names)).toEqual(['a', 'b', 'c', 'd', 'e', 'news']);
  });

  test('flush also writes the replacement for a message that could not be written', () => {
    unwritable.add('e');
    send('a', 'b', 'c', 'd');
    const instead: Parcel = { build: () => undefined, failed: () => failures.push('instead') };
    const parcel: Parcel = { build: () => undefined, failed: () => batcher.send(message('instead of e'), instead) };
    batcher.send(message('e'), parcel);
    batcher.flush();
    expect(written.map(names)).toEqual(['a', 'b', 'c', 'd', 'instead of e']);
    expect(failures).toEqual([]);
  });

  test('the log keeps exactly what the channel accepted, whether a copy or the write fails', () => {
    const log = new WriteLog((each) => {
      if (names(each) === 'no copy') throw new RangeError('cannot be copied');
      return each;
    });
    batcher.log = log;
    unwritable.add('c');
    send('a', 'no copy', 'b', 'c', 'd', 'e', 'no copy', 'f', 'c', 'g');
    batcher.flush();
    const early = log.early(batcher.sent);
    expect(((early?.messages ?? []) as Message[]).map(names)).toEqual(['a', 'b', 'd', 'e', 'f', 'g']);
    expect(early?.from).toBe(0);
    expect(failures).toEqual(['no copy', 'c', 'no copy', 'c']);
  });

  test('after the close, held messages are not written', async () => {
    send('a', 'b', 'c', 'd', 'e', 'f');
    batcher.close();
    await nextTurn();
    expect(written).toHaveLength(4);
  });
});
