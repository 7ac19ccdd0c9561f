import type { UntypedFunction } from '../types/any-function.js';
import type { Codec } from '../codec/codec.js';
import { isObjectMethod, isReservedName, methodNames, symbolNames } from '../codec/members.js';
import { PropertyError } from '../errors.js';
import type { InstanceDescription, MirrorRequest } from '../protocol.js';
import { EventForwarder, isEmitter } from '../session/events/event-forwarder.js';
import { runMember } from '../session/references/run-member.js';
import type { Session } from '../session/session.js';
import type { Class } from '../classes.js';
import { findSymbol } from './find-symbol.js';
import { receiveHandle } from './receive-handle.js';
import { PropertyWatch } from './property-watch.js';
import { listUnwatched } from './unwatched.js';

export interface InstanceOptions {
  object: object;
  type: Class;
  /** The module that exports the class. */
  namespace: object;
  mirror: MirrorRequest;
  codec: Codec;
  propertyCodec: Codec;
  fingerprint: (wire: unknown) => string;
  session: Pick<Session, 'sendValue' | 'flush' | 'servedCalls'>;
}

/** The user's object, with the operations that the other side may perform on it. */
export class Instance {
  readonly properties: PropertyWatch;
  /** Absent if the object is not an emitter. */
  readonly events: EventForwarder | undefined;
  readonly #object: Record<PropertyKey, unknown>;
  readonly #mirror: MirrorRequest;
  #disposed: Promise<void> | undefined;

  constructor({ object, type, namespace, mirror, codec, propertyCodec, fingerprint, session }: InstanceOptions) {
    this.#object = object as Record<PropertyKey, unknown>;
    this.#mirror = mirror;
    const flush = (): void => session.flush();
    const isBusy = (): boolean => session.servedCalls > 0;
    this.properties = new PropertyWatch({ object, codec: propertyCodec, fingerprint, mirror, flush, isBusy });
    if (!isEmitter(object)) return;
    this.events = new EventForwarder({
      emitter: object,
      codec,
      send: (parcel) => session.sendValue(parcel),
      findSymbol: (description) => findSymbol(description, type, namespace),
    });
  }

  describe(): InstanceDescription {
    return {
      methods: [...methodNames(this.#object)],
      unmirrored: listUnwatched(this.#object, this.#mirror),
      disposable: this.#disposer() !== undefined,
      emitter: this.events !== undefined,
      symbols: symbolNames(this.#object),
    };
  }

  /** Runs the method under a well-known symbol. */
  callSymbol(name: string, args: unknown[]): unknown {
    this.properties.follow();
    return runMember(this.#object, 'symbol', name, args);
  }

  /** Runs a method on the real object, so that its `#private` fields work. */
  call(method: string, args: unknown[]): unknown {
    const candidate = this.#object[method];
    if (typeof candidate !== 'function' || isReservedName(method) || isObjectMethod(candidate)) {
      throw new TypeError(`${method} is not a method of the instance`);
    }
    this.properties.follow();
    return (candidate as UntypedFunction).apply(this.#object, args);
  }

  /** Reads any property or getter. The value may be a function, if functions cross. */
  get(name: string): unknown {
    if (isReservedName(name)) throw new PropertyError(`${name} belongs to the language and cannot be read.`);
    const value = this.#object[name];
    if (typeof value === 'function' && methodNames(this.#object).has(name)) {
      throw new PropertyError(`${name} is a method of the instance, not a property. Call it on the proxy.`);
    }
    return value;
  }

  receiveHandle(handle: Parameters<typeof receiveHandle>[1], id: unknown): void {
    receiveHandle(this.#object, handle, id);
  }

  /** Stops watching properties and forwarding events. */
  close(): void {
    this.properties.close();
    this.events?.close();
  }

  /** Disposes the object, as `await using` would. Later calls return the first promise. */
  dispose(): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    await this.#disposer()?.call(this.#object);
  }

  #disposer(): UntypedFunction | undefined {
    const disposer = this.#object[Symbol.asyncDispose] ?? this.#object[Symbol.dispose];
    return typeof disposer === 'function' ? (disposer as UntypedFunction) : undefined;
  }
}
