import type { ModuleReference, TraceFields } from './protocol.js';

/**
 * The seam between this package and `procxy/opentelemetry`. A process without that import has an empty slot, and makes no spans.
 */

/** A call that a span describes. */
export interface DescribedCall {
  /** The class of the object that has the method. Absent for a function, or if this side does not know the class. */
  className?: string | undefined;
  /** The name of a method, function or event. */
  method: string;
}

/** A call, or an event, that has arrived from the other side. */
export interface ArrivedCall extends DescribedCall {
  /** What the message carried. */
  trace: TraceFields | undefined;
  /** Whether the other side is the parent of this process. Otherwise, only its ids are taken, and no baggage. */
  isTrusted: boolean;
}

/** The span of a call on one side. It has one end: later ones are ignored. */
export interface CallSpan {
  /** Runs a function in the context of the span, so that spans which begin there are its children. */
  within<T>(run: () => T): T;
  end(): void;
  /** Ends it with the error that was thrown. */
  fail(error: unknown): void;
}

/** The span of the side that calls. */
export interface ClientSpan extends CallSpan {
  /** What the message carries, so that the other side continues the trace. */
  readonly trace: TraceFields | undefined;
}

/** Records the calls of a process. */
export interface Instrumentation {
  client(call: DescribedCall): ClientSpan;
  server(call: ArrivedCall): CallSpan;
  /** The span in which the listeners of an event run. */
  listeners(event: ArrivedCall): CallSpan;
  /** What an event that is emitted now carries: the fields of the current span, if there is one. */
  currentTrace(): TraceFields | undefined;
}

interface Slot {
  current?: Instrumentation;
  /** Modules that every child loads before its class. */
  childModules?: ModuleReference[];
}

const key = Symbol.for('procxy.instrumentation');

/** One for all copies of this package in the process: `import` and `require()` load different ones, and bundles contain more. */
export const instrumentation: Slot = ((globalThis as { [key]?: Slot })[key] ??= {});
