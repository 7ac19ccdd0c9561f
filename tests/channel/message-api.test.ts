import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonLines } from '../../src/channel/dialect.js';
import { encodeLine } from '../../src/channel/json-lines.js';
import { addMessageApi } from '../../src/channel/message-api.js';
import { socketPath } from '../support/socket-path.js';

/** Unix sockets, as a child inherits them; here both ends are in this process, so that every byte can be placed. */
let server: Server;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'procxy-message-api-'));
  server = createServer().listen(socketPath(folder));
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

interface End {
  messages: unknown[];
  errors: string[];
}

/** What arrives of these pieces, each written when the one before has been taken, before the socket closes. */
async function transmit(pieces: readonly Uint8Array[]): Promise<End> {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const far = connect(socketPath(folder));
  // What this end writes after the other has refused a piece.
  far.on('error', () => {});
  const [near] = await accepted;
  const target = new EventEmitter();
  const end: End = { messages: [], errors: [] };
  addMessageApi(target, near, {
    dialect: jsonLines,
    maxMessageBytes: 1e6,
    onError: (error) => end.errors.push(error.code),
  });
  target.on('message', (message) => end.messages.push(message));
  const ended = once(target, 'disconnect');
  for (const piece of pieces) {
    far.write(piece);
    await new Promise(setImmediate);
  }
  far.destroySoon();
  await ended;
  expect(target).toMatchObject({ connected: false, channel: null });
  return end;
}

test('a channel that is cut within a message reports one error after every whole message, and then nothing', async () => {
  const whole = encodeLine({ whole: 'é' });
  const message = encodeLine({ text: 'é🦊\n', list: [1, null, { deep: '日本' }] });
  for (let offset = 0; offset <= message.length; offset++) {
    const { messages, errors } = await transmit([whole, message.subarray(0, offset)]);
    const isWhole = offset === message.length;
    expect(messages).toEqual(isWhole ? [{ whole: 'é' }, JSON.parse(message.toString())] : [{ whole: 'é' }]);
    expect(errors, `cut at ${offset}`).toEqual(isWhole || offset === 0 ? [] : ['PROCXY_PROTOCOL']);
  }
});

test('any messages arrive in order, wherever they are split and cut', async () => {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const sent = fc.array(fc.jsonValue({ stringUnit: 'binary' }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(sent, fc.array(place, { maxLength: 4 }), place, async (values, splits, cut) => {
      const lines = values.map((value) => encodeLine(value));
      const bytes = Buffer.concat(lines);
      const length = Math.ceil(cut * bytes.length);
      const offsets = splits.map((split) => Math.floor(split * length)).toSorted((one, other) => one - other);
      const pieces = [0, ...offsets].map((start, index) => bytes.subarray(start, offsets[index] ?? length));
      let whole = 0;
      let end = 0;
      while (whole < lines.length && end + (lines[whole]?.length ?? 0) <= length) end += lines[whole++]?.length ?? 0;
      const { messages, errors } = await transmit(pieces);
      expect(messages).toEqual(values.slice(0, whole).map((value) => JSON.parse(JSON.stringify(value)) as unknown));
      expect(errors).toEqual(end === length ? [] : ['PROCXY_PROTOCOL']);
    }),
    { numRuns: 150 },
  );
});

test('arbitrary bytes become messages, or one error and the close', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 4 }), async (pieces) => {
      expect((await transmit(pieces)).errors.length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 100 },
  );
});
