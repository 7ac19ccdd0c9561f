import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameDecoder } from '../../src/channel/frame-decoder.js';
import { frame, MAX_MESSAGE, messageFormat } from '../../src/channel/frames.js';
import { sleep } from '../support/streams.js';

const program = fileURLToPath(new URL('../fixtures/blocking-requests.ts', import.meta.url));

describe.each(['json', 'advanced'] as const)('a blocking socket, in %s mode', (mode) => {
  const format = messageFormat(mode);
  let child: ChildProcess;
  let far: Socket;
  let requests: unknown[];
  let answer: () => Promise<void> | void;

  beforeAll(async () => {
    child = fork(program, [mode], {
      execArgv: ['--import', 'tsx'],
      serialization: mode,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
    });
    await once(child, 'message');
    far = child.stdio[4] as unknown as Socket;
    const decoder = new FrameDecoder({
      format,
      maxMessageBytes: MAX_MESSAGE,
      onMessage(message) {
        requests.push(message);
        void answer();
      },
      onError: (error) => {
        throw error;
      },
    });
    far.on('data', (chunk: Buffer) => decoder.push(chunk));
  });
  afterAll(() => child.kill());

  /** What the child got for its request. */
  async function request(message: object, respond: typeof answer): Promise<unknown> {
    requests = [];
    answer = respond;
    child.send(message);
    const [reply] = (await once(child, 'message')) as [{ answer?: unknown; turned: boolean }];
    expect(requests).toEqual([message]);
    expect(reply.turned).toBe(false);
    return reply.answer;
  }

  const send = (message: object): void => void far.write(frame(format.encode(message)));

  test('waits for the answer without turning the event loop', async () => {
    const reply = await request({ question: 'é🦊' }, async () => {
      await sleep(20);
      send({ answer: '日本' });
    });
    expect(reply).toEqual({ answer: '日本' });
  });

  test('sends and reads messages that are larger than any buffer', async () => {
    const large = { text: 'x'.repeat(3_000_000) };
    expect(await request(large, () => send(large))).toEqual(large);
    // A small one after it finds nothing that was left over.
    expect(await request({ n: 1 }, () => send({ n: 2 }))).toEqual({ n: 2 });
  });

  test('assembles an answer that arrives in pieces', async () => {
    const bytes = frame(format.encode({ list: [1, 2, 3], text: 'y'.repeat(10_000) }));
    const cuts = [1, 3, 4, 5, 4096, bytes.length - 1, bytes.length];
    const reply = await request({ n: 1 }, async () => {
      let start = 0;
      for (const end of cuts) {
        far.write(bytes.subarray(start, end));
        start = end;
        await sleep(2);
      }
    });
    expect(reply).toEqual({ list: [1, 2, 3], text: 'y'.repeat(10_000) });
  });

  test('returns no answer if the other side closes, before or after the request', async () => {
    expect(await request({ n: 1 }, () => void far.destroy())).toBeUndefined();
    child.send({ n: 2 });
    const [reply] = (await once(child, 'message')) as [{ answer?: unknown }];
    expect(reply.answer).toBeUndefined();
  });
});
