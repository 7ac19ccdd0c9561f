import { EventEmitter } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { deserialize, serialize } from 'node:v8';
import type { Channel } from '../../src/channel/channel.js';
import { createCodec } from '../../src/codec/create-codec.js';
import type { Self } from '../../src/codec/transfer-handlers.js';
import { TerminatedError, type ProtocolError } from '../../src/errors.js';
import { PropertyMirror } from '../../src/parent/property-mirror.js';
import { Callbacks } from '../../src/session/functions/callbacks.js';
import { byReference } from '../../src/codec/by-reference.js';
import { remoteObjects } from '../../src/parent/remote-objects.js';
import type { CallOptions, CallTarget } from '../../src/session/calls/open-call.js';
import { KeptResults } from '../../src/session/references/kept-results.js';
import { lentObjects } from '../../src/session/references/lent-objects.js';
import { ReadResults } from '../../src/session/references/read-results.js';
import { References } from '../../src/session/references/references.js';
import { Collection } from '../../src/session/lifetimes/collection.js';
import { EventForwarder } from '../../src/session/events/event-forwarder.js';
import { EventSubscriptions, type EventSubscriptionsOptions } from '../../src/session/events/event-subscriptions.js';
import { Listeners } from '../../src/session/events/listeners.js';
import { ReferenceEvents } from '../../src/session/events/reference-events.js';
import { Session } from '../../src/session/session.js';
import { Signals } from '../../src/session/signals.js';
import { Streams } from '../../src/session/streams/streams.js';
import type { SerializationMode } from '../../src/types/serializable.js';
import { failingPart, refusedPart } from './graphs.js';
import { use } from './use.js';

export type Side = 'parent' | 'child';

type CallOfMethod = [method: string, args: readonly unknown[], options: CallOptions, target?: CallTarget];

/** An object with more than its methods. */
function logger(): { log(): string; readonly secret: never } {
  return {
    log: () => 'logged',
    get secret(): never {
      throw new Error('a getter ran');
    },
  };
}

/** As deep as what makes the message can go. */
const DEEP = { json: nested(5000), advanced: nested(1000) };

/** One side of a session, with calls, functions, streams, signals and events open; the other side is whoever fuzzes it. */
export class Victim {
  /** Why it has ended the other side. */
  violation: ProtocolError | undefined;
  /** All that it has asked for: it must settle. */
  readonly pending: Promise<unknown>[] = [];
  readonly #mode: SerializationMode;
  readonly #kind: number;
  readonly #session: Session;
  readonly #events: EventSubscriptions;
  readonly #referenceEvents: ReferenceEvents;
  readonly #mirror: PropertyMirror;
  /** The id of an iterator that it has exported, which never ends. */
  #iterator = 0;
  /** Ids of the functions that it has exported. */
  readonly #exported: string[] = [];
  readonly #deliver: (message: unknown) => void;

  /**
   * @param kind any number: which values this side sends that cannot cross, and which streams that fail
   * @param wire to the other side; without it the messages of this side go nowhere, and `receive` brings those of the other
   */
  constructor(mode: SerializationMode, side: Side, kind: number, wire?: Channel) {
    this.#mode = mode;
    this.#kind = kind;
    const isParent = side === 'parent';
    const channel: Channel = {
      send: (message) => {
        this.#note(message);
        wire?.send(message);
      },
      onMessage(listener) {
        deliver = listener;
        wire?.onMessage(listener);
      },
      onClose: () => {},
      close: () => {},
    };
    let deliver: (message: unknown) => void = () => {};
    const self: Self = { current: { isSelf: true } };
    const streams = new Streams({ isParent, data: () => undefined, onBusy: () => {} });
    const signals = new Signals();
    const functions = new Callbacks({ limit: 20, timeout: 50, isParent, blocking: undefined, onUnhandled: () => {} });
    const lent = lentObjects({ timeout: 50, onUnhandled: () => {} });
    const calls = {
      call: (...call: CallOfMethod) => this.#call(...call),
      eventsOf: (id: string) => this.#referenceEvents.of(id),
      pipelines: true,
      endLate: () => {},
    };
    const defaults = { timeout: 50, retries: 0, onTimeout: 'keep' } as const;
    const held = remoteObjects(() => ({ connection: calls, options: defaults, type: () => undefined }));
    const createProxy = isParent ? held : lent;
    const forwardEvents = (emitter: object, referenceId: string): EventForwarder =>
      new EventForwarder({
        emitter: emitter as EventEmitter,
        codec,
        send: (parcel) => this.#session.sendValue(parcel),
        findSymbol: () => Symbol('found'),
        referenceId,
      });
    const rules = { limit: 20, isAutomatic: !isParent, isParent, createProxy };
    const references = new References(isParent ? rules : { ...rules, forwardEvents });
    const results = isParent ? undefined : new KeptResults({ run: (value) => value });
    const codec = createCodec({ mode, self, functions, streams, references, results, signals });
    this.#mirror = new PropertyMirror(codec);
    const eventOptions: EventSubscriptionsOptions = {
      codec,
      onListening: () => {},
      send: (message) => this.#session.sendControl(message),
    };
    this.#events = new EventSubscriptions(eventOptions);
    this.#referenceEvents = new ReferenceEvents(eventOptions);
    const emitterOf = ({ referenceId }: { referenceId?: string }): EventSubscriptions =>
      referenceId === undefined ? this.#events : this.#referenceEvents.find(referenceId);
    this.#session = new Session({
      channel,
      codec,
      ...(!isParent && { run: (_target, method, args) => this.#run(method, args) }),
      handlers: {
        'child-fatal': ({ error, coded }) => void (coded ? codec.decode(error) : error),
        'property-update': (update) => this.#mirror.apply(update),
        'event-emit': (event) => emitterOf(event).dispatch(event),
        'event-unsubscribed': (confirmation) => emitterOf(confirmation).confirmEnd(confirmation),
        'event-failed': (failure) => emitterOf(failure).reportFailure(failure),
        ...(!isParent && {
          'event-subscribe': ({ event, referenceId: id }) => id && references.forwarder(id).subscribe(event),
          'event-unsubscribe': ({ event, referenceId: id }) => id && references.forwarder(id).unsubscribe(event),
        }),
      },
      onViolation: (error) => (this.violation = error),
    });
    this.#session.use(functions);
    this.#session.use(new Collection({ isParent, imported: [functions, references] }));
    this.#session.use(references);
    this.#session.use(results ?? new ReadResults());
    this.#session.use(streams);
    this.#session.use(signals);
    this.#session.enableBatches();
    this.#deliver = deliver;
    this.#open();
  }

  receive(message: unknown): void {
    this.#deliver(this.restore(this.textOf(message)));
  }

  /** What came is no message. */
  violate(error: ProtocolError): void {
    this.#session.inbox.violate(error);
  }

  /** A call that an honest other side answers with its argument. */
  echo(value: unknown): Promise<unknown> {
    return Promise.resolve(this.#session.call('instance', 'echo', [value], { timeout: Infinity }));
  }

  /** @param text of one that JSON can say; in advanced mode some of it becomes what JSON cannot */
  restore(text: string): unknown {
    return this.#mode === 'json' ? JSON.parse(text) : deserialize(serialize(JSON.parse(text, exotic)));
  }

  /** A message as JSON, with the ids that are this victim's. */
  textOf(message: unknown): string {
    const text = JSON.stringify(message) ?? 'null';
    return text
      .replaceAll('"@deep"', DEEP[this.#mode])
      .replaceAll('"@causes"', causes(this.#mode === 'json' ? 2000 : 300))
      .replaceAll('"@iterator"', `${this.#iterator}`)
      .replace(/"#(\d)"/g, (_, n: string) =>
        JSON.stringify(this.#exported[Number(n) % (this.#exported.length || 1)] ?? 'none'),
      );
  }

  /** The other side has gone. */
  async end(): Promise<unknown[]> {
    this.#events.close();
    this.#referenceEvents.close();
    this.#session.close((method) => new TerminatedError(`${method}(): the other side has ended.`));
    for (const name of ['__proto__', 'work', 'then']) tryTo(() => this.#mirror.read(name));
    return Promise.allSettled(this.pending);
  }

  #open(): void {
    const call = (...args: unknown[]): void => {
      const result = this.#session.call('instance', 'work', args, { timeout: Infinity });
      const used = Promise.resolve(result).then(use);
      used.catch(() => {});
      this.pending.push(used);
    };
    call(1);
    call((value: unknown) => value);
    call(() => {
      throw new RangeError('it fails');
    });
    call(async (...args: unknown[]) => args, { signal: new AbortController().signal });
    call(Readable.from(['a', 'b']), numbers());
    call(new PassThrough());
    call(byReference(logger()), byReference(logger(), ['log']));
    call(new ReadableStream({ pull: (controller) => controller.enqueue('chunk') }));
    this.#misuse(call);
    const listeners = new Listeners(() => undefined);
    listeners.emitter.on('heard', (...args: unknown[]) => args.forEach(use));
    this.#events.attach(listeners);
    this.#session.flush();
  }

  /** Sends what cannot cross, in one of the ways there are, and a stream that fails before anybody reads it. */
  #misuse(call: (...args: unknown[]) => void): void {
    const part = (): unknown => refusedPart(this.#kind);
    call([failingPart(this.#kind)]);
    switch (this.#kind % 4) {
      case 0: {
        // The call is refused, and its stream remains its owner's.
        const owned = failingPart(this.#kind + 1);
        if (owned instanceof EventEmitter) owned.on('error', () => {});
        return call(owned, part());
      }
      case 1:
        return call(part, () => {
          throw part();
        });
      case 2:
        return call(parts(part));
      default: {
        const controller = new AbortController();
        call(controller.signal);
        controller.abort(part());
      }
    }
  }

  #call(method: string, args: readonly unknown[], options: CallOptions, target?: CallTarget): Promise<unknown> {
    return this.#session.call(target ?? 'instance', method, args, options);
  }

  #run(method: string, args: unknown[]): unknown {
    for (const arg of args) use(arg);
    if (method === 'work') return refusedPart(this.#kind);
    if (method === '') return logger();
    if (method === 'toString') return [failingPart(this.#kind)];
    if (method === 'toJSON') throw refusedPart(this.#kind);
    if (method === 'then') throw new Error('it fails');
    return args.length > 1 ? numbers() : args[0];
  }

  #note(message: object): void {
    this.#iterator ||= Number(/"kind":"iterator","id":(\d+)/.exec(textOf(message))?.[1] ?? 0);
    for (const [id] of textOf(message).matchAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g)) {
      if (!this.#exported.includes(id)) this.#exported.push(id);
    }
  }
}

async function* numbers(): AsyncGenerator<number> {
  for (let n = 0; ; n++) yield n;
}

function* parts(make: () => unknown): Generator<unknown, unknown> {
  yield 1;
  yield make();
  return make();
}

function exotic(_key: string, value: unknown): unknown {
  if (value === '@map')
    return new Map<unknown, unknown>([
      ['__proto__', { a: 1 }],
      [{}, new Set([1n])],
    ]);
  if (value === '@date') return new Date(Number.NaN);
  if (value === '@bytes') return new Uint8Array(3);
  return value;
}

function textOf(message: object): string {
  return JSON.stringify(message, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
}

/** An error that has a cause, and so on. */
function causes(depth: number): string {
  const error = '{"__procxy_type":"error","value":{"class":"Error","message":"x"';
  return `${error},"cause":`.repeat(depth) + `${error}}}` + '}}'.repeat(depth);
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

function tryTo(action: () => void): void {
  try {
    action();
  } catch {
    // Reading what is not mirrored throws.
  }
}
