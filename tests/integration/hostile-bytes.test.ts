import { serialize } from 'node:v8';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, ProtocolError, TimeoutError, type ProcxyOptions } from 'procxy';
import { Elsewhere } from '../fixtures/elsewhere.js';
import { openDescriptors, until } from '../support/processes.js';
import { seeded } from '../support/seeded.js';
import { times } from '../support/thorough.js';

/** Descriptors of a child: the standard streams come first, then its channel, what streams carry, and where it waits for functions. */
const CHANNEL = 3;
const DATA = 4;
const WAITING = 5;

type Method = (...args: unknown[]) => Promise<unknown>;
type Remote = Record<'echo' | 'writeGarbage' | '$terminate', Method>;

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const random = seeded(20_261_126);
const RANDOM_CHILDREN = times(2, 100);

/** A header and a body. */
const frame = (body: Buffer): number[] => [body.length & 255, body.length >> 8, 0, 0, ...body];
const dataFrame = (streamId: number, body: Buffer): number[] => [streamId, 0, 0, 0, ...frame(body)];
const nested = Buffer.from([0xff, 0x0f, ...Array.from({ length: 20_000 }, () => [0x41, 1]).flat()]);

const onChannel: Record<'json' | 'advanced', Record<string, number[] | string>> = {
  json: {
    zeros: [...Buffer.alloc(100), 0x0a],
    'overlong UTF-8': [0x22, 0xc0, 0x80, 0x22, 0x0a],
    'half of a surrogate pair': [0x22, 0xed, 0xa0, 0x80, 0x22, 0x0a],
    'brackets that never close': `${'['.repeat(50_000)}\n`,
    'a batch in a batch': '{"type":"batch","rows":[0,{"type":"batch","rows":[]}]}\n',
  },
  advanced: {
    zeros: [...Buffer.alloc(100)],
    'arrays in arrays, 20,000 deep': frame(nested),
    'half of a message': frame(serialize({ type: 'call-result', callId: 3 }).subarray(0, 20)),
    'what belongs to another process': frame(Buffer.from([0xff, 0x0f, 0x75, 0])),
    'a host object of no kind': frame(Buffer.from([0xff, 0x0f, 0x5c, 99, 1, 0])),
  },
};

describe.each(['json', 'advanced'] as const)('bytes from a hostile child, in %s mode', (serialization) => {
  const options = { channel: 'socket', serialization, enableCallbacks: true, stdio: 'ignore' } satisfies ProcxyOptions;
  const start = async (more: ProcxyOptions = {}): Promise<Remote> =>
    (await procxy(Elsewhere, '../fixtures/elsewhere.js', { ...options, ...more }, 'x')) as unknown as Remote;
  let neighbour: Remote;
  beforeAll(async () => {
    neighbour = await start();
  });
  afterAll(() => neighbour.$terminate());

  /** @returns how the call ended in which the child wrote them; the child has gone */
  const attack = async (remote: Remote, descriptor: number, bytes: number[] | string): Promise<unknown> => {
    const writing = outcome(remote.writeGarbage(descriptor, bytes));
    expect(await neighbour.echo('fine')).toBe('fine');
    const end = await writing;
    await remote.$terminate();
    expect(await neighbour.echo('still')).toBe('still');
    expect('polluted' in {}).toBe(false);
    return end;
  };

  test.each([
    ...Object.entries(onChannel[serialization]).map(([what, bytes]) => [what, 'the channel', CHANNEL, bytes] as const),
    ['a frame beyond all limits', 'the data socket', DATA, [1, 0, 0, 0, 255, 255, 255, 255]],
    ['an empty message', 'the data socket', DATA, dataFrame(0, Buffer.alloc(0))],
    ['a message that is none', 'the data socket', DATA, dataFrame(0, Buffer.from('?'))],
    ['bytes of no stream', 'the data socket', DATA, dataFrame(1, Buffer.from('bytes'))],
    ['a frame beyond all limits', 'the socket of waiting calls', WAITING, [255, 255, 255, 255]],
    ['an empty frame', 'the socket of waiting calls', WAITING, [0, 0, 0, 0]],
    ['a message that is none', 'the socket of waiting calls', WAITING, frame(Buffer.from('?'))],
  ] as const)('%s on %s: that child is ended, its neighbour goes on', async (_what, _where, descriptor, bytes) => {
    const before = openDescriptors();
    const error = await attack(await start(), descriptor, bytes as number[] | string);
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as Error).message).toMatch(/^writeGarbage\(\): .{10}/);
    await until(() => openDescriptors() <= before, 'all descriptors are closed');
  });

  test(`${RANDOM_CHILDREN} children with random bytes harm only themselves`, async () => {
    for (let n = 0; n < RANDOM_CHILDREN; n++) {
      const descriptor = [CHANNEL, DATA, WAITING][Math.floor(random() * 3)] ?? CHANNEL;
      const bytes = Array.from({ length: 1 + Math.floor(random() * 100) }, () => Math.floor(random() * 256));
      // What is only the beginning of something is waited for: it is as if the child had hung.
      const end = await attack(await start({ timeout: 1000 }), descriptor, bytes);
      expect(end, `${descriptor}: ${bytes.join()}`).toSatisfy(
        (error) => error instanceof ProtocolError || error instanceof TimeoutError,
      );
    }
  }, 600_000);
});
