import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { byReference, procxy, ProtocolError, type Procxy, type ProcxyOptions } from 'procxy';
import { HostileWithFunctions } from '../fixtures/hostile-functions.js';
import { rejectionOf } from '../support/function-user.js';

interface RemoteHostile extends Omit<Procxy<HostileWithFunctions, ProcxyOptions>, keyof HostileWithFunctions> {
  ping(): Promise<string>;
  forge(messages: object[], lent?: unknown): Promise<never>;
}

function startHostile(options: ProcxyOptions): Promise<RemoteHostile> {
  const start = procxy as unknown as (...given: unknown[]) => Promise<RemoteHostile>;
  return start(HostileWithFunctions, '../fixtures/hostile-functions.js', { stdio: 'ignore', ...options });
}

/** What a child might be after: everything that hangs together with it in this process. */
class Logger {
  readonly server: Server = createServer();
  reached: string[] = [];
  level = 'info';

  log(text: string): void {
    this.reached.push(text);
  }

  get env(): NodeJS.ProcessEnv {
    this.reached.push('a getter');
    return process.env;
  }

  set threshold(_value: string) {
    this.reached.push('a setter');
  }
}

const invoke = (method: string, more: object = {}): object => ({
  type: 'reference-invoke',
  callId: 1,
  referenceId: '$ID',
  method,
  args: [],
  ...more,
});
const shape = (more: object = {}): object => ({
  type: 'reference-shape',
  shapeId: 1,
  className: 'Forged',
  methods: ['method'],
  symbols: [],
  properties: [],
  ...more,
});
/** The answer to the call that has it sent: the calls before it were the agent's `import` and `constructor`. */
const answer = (value: unknown, coded: unknown = ['r1']): object => ({
  type: 'call-result',
  callId: 3,
  result: 'success',
  value: { __procxy_type: 'reference', value },
  coded,
});

/** Ways to something else than the lent methods. */
const reaching: Record<string, object> = {
  'a property': invoke('server', { kind: 'property' }),
  'a property of the language': invoke('__proto__', { kind: 'property' }),
  'a getter as a method': invoke('env'),
  'a setter as a method': invoke('threshold'),
  'a field as a method': invoke('server'),
  'the constructor': invoke('constructor'),
  __proto__: invoke('__proto__'),
  'a method of every object': invoke('hasOwnProperty', { args: ['server'] }),
  'the maker of getters': invoke('__defineGetter__'),
  'the text of every object': invoke('toString'),
  valueOf: invoke('valueOf'),
  'an unknown name': invoke('nothing'),
  'a name without text': invoke(''),
  'a method under a symbol': invoke('iterator', { kind: 'symbol' }),
  'a method that was not lent': invoke('close'),
};

const forged: Record<string, object[]> = {
  'asks a reference that was never handed out': [invoke('log', { referenceId: 'r99' })],
  'asks a reference by the name of a member of every object': [invoke('log', { referenceId: 'constructor' })],
  'gives back more often than it was given': [{ type: 'reference-cleanup', referenceId: '$ID', count: 2 }],
  'gives back what was never handed out': [{ type: 'reference-cleanup', referenceId: 'r99', count: 1 }],
  'asks for no text': [invoke('log', { method: 5 })],
  'asks in an unknown way': [invoke('log', { kind: 'setter' })],
  'sends home what it never had': [answer({ id: 'r99', home: true }, true)],
  'sends home a member of every object': [answer({ id: 'constructor', home: true }, true)],
  'names a kind that it has not described': [answer({ id: 'r1', shape: 1 })],
  'describes a kind out of turn': [shape({ shapeId: 2 })],
  'describes a kind twice': [shape(), shape()],
  'describes methods that are no names': [shape({ methods: [{ toString: 1 }] })],
  'describes an unknown symbol': [shape({ symbols: ['constructor'] })],
  'describes more than anyone could want': Array.from({ length: 80 }, (_, i) =>
    shape({ shapeId: i + 1, methods: ['x'.repeat(100_000)] }),
  ),
  'sends a reference that it does not name': [shape(), answer({ id: 'r2', shape: 1 }, ['r1'])],
  'sends one with the id of a function': [shape(), answer({ id: 'x1', shape: 1 }, ['x1'])],
  'sends one without an id': [shape(), answer({ shape: 1 })],
  'sends nothing in its place': [shape(), answer(undefined)],
  'listens to a lent object': [{ type: 'event-subscribe', event: 'log', referenceId: '$ID' }],
  'ends listening to a lent object': [{ type: 'event-unsubscribe', event: 'log', referenceId: '$ID' }],
  'sends an event of an object that nobody listens to': [
    { type: 'event-emit', event: 'log', args: [], referenceId: '$ID' },
  ],
  'sends an event of a member of every object': [
    { type: 'event-emit', event: 'log', args: [], referenceId: 'constructor' },
  ],
  'confirms an end that was not asked for': [{ type: 'event-unsubscribed', event: 'log', referenceId: 'r1' }],
  'reports the failure of an event of no object': [{ type: 'event-failed', event: 'log', error: 1, referenceId: 'r9' }],
  'names no object': [{ type: 'event-emit', event: 'log', args: [], referenceId: 5 }],
  'sends more than maxReferences allows': [shape(), answer({ id: 'r1', shape: 1 }, many(11))],
};

function many(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `r${i + 1}`);
}

describe.each(['json', 'advanced'] as const)('a child that is lent an object, in %s mode,', (serialization) => {
  let neighbour: RemoteHostile;
  beforeAll(async () => {
    neighbour = await startHostile({ serialization });
  });
  afterAll(() => neighbour.$terminate());

  async function expectEnd(hostile: RemoteHostile, call: Promise<never>): Promise<void> {
    // Nothing else rejects the call, and a child that is not ended answers.
    const outcome = await Promise.race([rejectionOf(call), hostile.ping().then(() => hostile.ping())]).catch(
      (error: unknown) => error,
    );
    expect(outcome).toBeInstanceOf(ProtocolError);
    expect(await hostile.$exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await neighbour.ping()).toBe('pong');
  }

  for (const [what, message] of Object.entries(reaching)) {
    test(`reaches nothing but its methods: ${what}`, async () => {
      const logger = new Logger();
      await using hostile = await startHostile({ serialization });
      await expectEnd(hostile, hostile.forge([message], byReference(logger)));
      expect(logger.reached).toEqual([]);
      expect(logger.level).toBe('info');
    });
  }

  test('reaches none but those that are named', async () => {
    const logger = { log: () => {}, secret: () => expect.unreachable() };
    await using hostile = await startHostile({ serialization });
    await expectEnd(hostile, hostile.forge([invoke('secret')], byReference(logger, ['log'])));
  });

  for (const [what, messages] of Object.entries(forged)) {
    test(`harms only itself when it ${what}`, async () => {
      await using hostile = await startHostile({ serialization, maxReferences: 10 });
      await expectEnd(hostile, hostile.forge(messages, byReference(new Logger())));
    });
  }
});
