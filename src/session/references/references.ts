import { mark } from '../../codec/by-reference.js';
import { isData } from '../../codec/walk.js';
import { findMethod, hasMethods, hasOwnMethod } from '../../codec/members.js';
import { markAsReference, isReferenceId, type ReferenceExchange } from '../../codec/reference-codec.js';
import { ProtocolError } from '../../errors.js';
import { instrumentation } from '../../instrumentation.js';
import type { Coded, ReferenceDescription, ReferenceInvoke, TraceFields } from '../../protocol.js';
import type { SideStats } from '../../types/stats.js';
import { serveInSpan } from '../calls/server-span.js';
import type { EventForwarder } from '../events/event-forwarder.js';
import type { Collectable } from '../lifetimes/collection.js';
import { ImportTable } from '../lifetimes/import-table.js';
import type { Handlers, SessionApi, SessionPart } from '../part.js';
import { ExportedObjects, type ExportedObject } from './exported-objects.js';
import { RemoteReference, type ReferenceOwner } from './remote-reference.js';
import { PileWatch } from './pile-watch.js';
import { runMember } from './run-member.js';
import { classNameOf, KnownShapes, ToldShapes, type KnownShape } from './shapes.js';

export interface ReferencesOptions {
  /** The most objects that one side may export at a time. */
  limit: number;
  /** Whether each object with methods crosses by reference, not only marked ones. Only for a child. */
  isAutomatic: boolean;
  /** The parent does not trust its child: only methods of its objects can be called. */
  isParent: boolean;
  /** Makes the proxy of an object of the other side. The proxy must hold `remote`. Only user code may hold the proxy. */
  createProxy(remote: RemoteReference): object;
  /** Makes the forwarder of the events of an object of this side. Absent in the parent, whose events are not forwarded. */
  forwardEvents?(emitter: object, referenceId: string): EventForwarder;
}

/** The objects that cross by reference, in both directions: the two registries of a side, and the messages about them. */
export class References implements ReferenceExchange, SessionPart, Collectable {
  readonly isAutomatic: boolean;
  readonly handlers: Handlers;
  readonly #isParent: boolean;
  readonly #exported: ExportedObjects;
  readonly #imported: ImportTable<object, KnownShape>;
  readonly #told = new ToldShapes();
  readonly #known = new KnownShapes();
  readonly #forwardEvents: ReferencesOptions['forwardEvents'];
  /** Objects of this side that the other side has listened to, by their ids. */
  readonly #forwarders = new Map<string, EventForwarder>();
  readonly #pile: PileWatch;
  #link!: SessionApi;

  constructor({ limit, isAutomatic, isParent, createProxy, forwardEvents }: ReferencesOptions) {
    this.isAutomatic = isAutomatic;
    this.#isParent = isParent;
    this.handlers = {
      'reference-invoke': (message) => this.#serve(message),
      'reference-shape': (shape) => this.#known.add(shape),
      'reference-cleanup': ({ referenceId, count }) => this.#exported.giveBack(referenceId, count),
    };
    this.#forwardEvents = forwardEvents;
    this.#exported = new ExportedObjects({
      limit,
      keepsContext: isParent,
      onForget: ({ id }) => this.#stopForwarding(id),
    });
    const owner: ReferenceOwner = {
      release: (entry) => this.#imported.release(entry),
      isOver: () => this.#link.isOver(),
      open: (...call) => this.#link.open(...call),
    };
    this.#imported = new ImportTable({
      // A child accepts any number: messages with new objects may overtake the messages that release old ones.
      limit: isParent ? limit : Infinity,
      option: 'maxReferences',
      noun: 'reference',
      createProxy: (entry, shape) => {
        entry.className = shape.className;
        const proxy = createProxy(new RemoteReference(shape, entry, owner));
        markAsReference(proxy, this);
        return proxy;
      },
      giveBack: ({ id, count }) => this.#link.sendControl({ type: 'reference-cleanup', referenceId: id, count }),
    });
    this.#pile = new PileWatch({
      limit: isParent ? limit : Infinity,
      countHeld: () => {
        this.#imported.giveBackCollected();
        return countBy(this.#imported.entries, ({ className }) => className ?? '');
      },
    });
  }

  attach(link: SessionApi): void {
    this.#link = link;
  }

  get stats(): Partial<SideStats> {
    return {
      exportedReferences: this.#exported.size,
      importedReferences: this.#imported.size,
      exportedClasses: Object.fromEntries(countBy(this.#exported.entries, ({ object }) => classNameOf(object))),
      importedClasses: Object.fromEntries(countBy(this.#imported.entries, ({ className }) => className ?? '')),
      subscriptions: [...this.#forwarders.values()].reduce((sum, { size }) => sum + size, 0),
    };
  }

  /** Finds the forwarder of the events of an object. @throws {ProtocolError} for an id that was never exported */
  forwarder(referenceId: string): EventForwarder {
    const { object } = this.#exported.get(referenceId);
    let forwarder = this.#forwarders.get(referenceId);
    if (!forwarder) {
      if (!this.#forwardEvents) throw new ProtocolError('Events of an object were requested that has none to give.');
      this.#forwarders.set(referenceId, (forwarder = this.#forwardEvents(object, referenceId)));
    }
    return forwarder;
  }

  export(value: object, methods: readonly string[] | undefined): ReferenceDescription {
    const entry = this.#exported.export(value, methods);
    const shape = this.#told.idOf(value, entry.methods, (told) => this.#link.sendControl(told));
    return { id: entry.id, shape };
  }

  sendHome(reference: object): ReferenceDescription | undefined {
    const entry = this.#imported.entryOf(reference);
    return entry && !entry.released ? { id: entry.id, home: true } : undefined;
  }

  takeExported(): string[] {
    return this.#exported.takePending();
  }

  discard(): void {
    this.#exported.discardPending();
  }

  import(description: ReferenceDescription): object {
    const { id } = description;
    if ('home' in description) return this.#exported.get(id).object;
    return this.#imported.import(id, this.#known.get(description.shape));
  }

  arrive(coded: Coded): void {
    if (coded === true) return;
    this.#imported.arrive(coded.filter(isReferenceId));
    this.#pile.look(this.#imported.size);
  }

  account(coded: Coded): void {
    if (coded !== true) this.#imported.account(coded.filter(isReferenceId));
  }

  takeBack(coded: Coded): void {
    if (coded !== true) for (const id of coded.filter(isReferenceId)) this.#exported.giveBack(id, 1);
  }

  /** Calls a method of a result for the other side, which does not know yet that it is a reference. */
  runOnResult(value: unknown, name: string, args: unknown[]): unknown {
    const isObject =
      typeof value === 'object' && value !== null && (isData(value) ? hasOwnMethod(value) : hasMethods(value));
    if (isObject) return runMember(value, undefined, name, args);
    throw new TypeError(`${name}() was called on a result that is not a reference. Await the result first.`);
  }

  giveBackCollected(): void {
    this.#imported.giveBackCollected();
  }

  close(): void {
    for (const id of this.#forwarders.keys()) this.#stopForwarding(id);
    this.#exported.clear();
    this.#imported.clear();
  }

  #stopForwarding(id: string): void {
    this.#forwarders.get(id)?.close();
    this.#forwarders.delete(id);
  }

  #serve({ callId, referenceId, kind, method, args, coded, trace }: ReferenceInvoke): void {
    const exported = this.#exported.get(referenceId);
    const head = { type: 'call-result', callId } as const;
    if (this.#isParent) {
      // Checked before anything runs. An honest child requests no other members.
      const run = this.#lentMethod(exported, kind, method, trace);
      this.#link.server.serve(head, method, args, coded, run);
    } else {
      const { object } = exported;
      this.#link.server.serve(head, method, args, coded, (values) =>
        this.#inSpan(object, method, trace, () => runMember(object, kind, method, values)),
      );
    }
  }

  /** @throws {ProtocolError} for anything but a method that was lent */
  #lentMethod(
    exported: ExportedObject,
    kind: ReferenceInvoke['kind'],
    name: string,
    trace: TraceFields | undefined,
  ): (args: unknown[]) => unknown {
    const { object, methods, context } = exported;
    const method = kind === undefined && (!methods || methods.has(name)) ? findMethod(object, name) : undefined;
    if (!method) throw new ProtocolError(`${name} was requested, but it is not a method that was lent.`);
    return (args) => {
      const run = (): unknown => this.#inSpan(object, name, trace, () => Reflect.apply(method, object, args));
      const result: unknown = context?.runInAsyncScope(run);
      // An object that a method returns as itself is already lent.
      return result === object ? mark(object, methods && [...methods]) : result;
    };
  }

  #inSpan(object: object, method: string, trace: TraceFields | undefined, run: () => unknown): unknown {
    if (!instrumentation.current) return run();
    return serveInSpan({ className: classNameOf(object), method, trace, isTrusted: !this.#isParent }, run);
  }
}

/** Counts the objects of each class. */
function countBy<T>(objects: Iterable<T>, classOf: (object: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const object of objects) counts.set(classOf(object), (counts.get(classOf(object)) ?? 0) + 1);
  return counts;
}
