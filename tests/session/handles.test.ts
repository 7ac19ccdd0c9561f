import { createServer, type Server } from 'node:net';
import { describe, expect, test } from 'vitest';
import { nativeOf } from '../../src/channel/native-handles.js';
import { memoryChannelPair } from '../../src/channel/memory.js';
import type { ProtocolError } from '../../src/errors.js';
import type { Message } from '../../src/protocol.js';
import { openSession } from '../../src/session/open-session.js';

const forever = { timeout: Infinity };

/** A listening server, which both sessions can share. */
async function listening(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function open(run: (args: unknown[]) => unknown, preface?: () => Message | undefined) {
  const [near, far] = memoryChannelPair();
  const violations: ProtocolError[] = [];
  const common = { self: { current: undefined }, ownFile: undefined };
  const onViolation = (error: ProtocolError): void => void violations.push(error);
  const parent = openSession({
    ...common,
    channel: near,
    isParent: true,
    onViolation,
    ...(preface && { preface }),
  });
  const child = openSession({
    ...common,
    channel: far,
    isParent: false,
    onViolation,
    run: (_target, _method, args) => run(args),
    handlers: { 'property-update': () => {} },
  });
  for (const side of [parent, child]) side.carry({ mode: 'json', handles: true });
  return { parent, child, far, near, violations };
}

describe('Handles', () => {
  test('sends a handle ahead of the message that names it', async () => {
    const server = await listening();
    const { parent, violations } = open(([given]) => given === server);
    expect(await parent.session.call('instance', 'take', [server], forever)).toBe(true);
    expect(violations).toEqual([]);
    server.close();
  });

  test('a property update in between does not close it', async () => {
    const server = await listening();
    let count = 0;
    const preface = (): Message => ({ type: 'property-update', set: [['count', ++count]] });
    const { parent, violations } = open(([given]) => (given as Server).listening, preface);
    expect(await parent.session.call('instance', 'take', [server], forever)).toBe(true);
    expect(count).toBeGreaterThan(1);
    expect(violations).toEqual([]);
    server.close();
  });

  const serverDescription = { kind: 'server', allowHalfOpen: false, pauseOnConnect: false };
  const arriving = (handleId: number) => ({ type: 'handle-transfer', handleId, handle: serverDescription });

  test('a handle that the next message does not name is closed', async () => {
    const { near } = open(() => undefined);
    const native = nativeOf(await listening());
    near.send(arriving(1), native as never);
    near.send({ type: 'call-invoke', callId: 1, method: 'none', args: [] });
    await expect.poll(() => native?.fd).toBeLessThan(0);
  });

  test('a handle that was never named is closed at the end', async () => {
    const { near, child } = open(() => undefined);
    const native = nativeOf(await listening());
    near.send(arriving(1), native as never);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(native?.fd).toBeGreaterThan(0);
    child.session.close(() => new Error('over'));
    await expect.poll(() => native?.fd).toBeLessThan(0);
  });

  test('a handle that arrives twice under one id is a violation', async () => {
    const { near, violations } = open(() => undefined);
    for (const _ of [1, 2]) near.send(arriving(1), nativeOf(await listening()) as never);
    await expect.poll(() => violations.map(({ message }) => message)).toContain('The handle 1 arrived twice.');
  });

  test('a handle that did not arrive fails the call that names it, and its sender keeps it', async () => {
    const { near, parent, violations } = open(() => 'taken');
    const server = await listening();
    const send = near.send.bind(near);
    near.send = (message, _handle, written) => send(message, undefined, written);
    const error = await parent.session.call('instance', 'take', [server], forever).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'HandleTransferError' });
    expect(server.listening).toBe(true);
    expect(violations).toEqual([]);
    server.close();
  });
});
