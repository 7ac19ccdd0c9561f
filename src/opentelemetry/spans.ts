import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { now } from '../clock.js';
import { describeReason } from '../errors.js';
import type { ArrivedCall, CallSpan, ClientSpan, Instrumentation } from '../instrumentation.js';
import type { TraceFields } from '../protocol.js';
import { isError } from '../realm.js';
import { callAttributes, CLASS, ERROR_TYPE, errorType, EVENT, fullName, SYSTEM } from './attributes.js';
import { recordCall } from './metrics.js';

/** Stands for the tracer of the provider that the program sets, now or later. */
const tracer = trace.getTracer(SYSTEM);

/** Records calls as spans of OpenTelemetry, and their durations as metrics. */
export const spans: Instrumentation = {
  client(call) {
    const attributes = callAttributes(call);
    const span = tracer.startSpan(fullName(call), { kind: SpanKind.CLIENT, attributes });
    return new RecordedCall('client', span, attributes, context.active());
  },
  server(call) {
    const attributes = callAttributes(call);
    const parent = contextOf(call);
    const span = tracer.startSpan(fullName(call), { kind: SpanKind.SERVER, attributes }, parent);
    return new RecordedCall('server', span, attributes, parent);
  },
  listeners(event) {
    const attributes = { [CLASS]: event.className, [EVENT]: event.method };
    const span = tracer.startSpan(fullName(event), { kind: SpanKind.CONSUMER, attributes }, contextOf(event));
    return {
      // Each listener keeps what else is in its own context, such as its baggage.
      within: (run) => context.with(trace.setSpan(context.active(), span), run),
      end: () => span.end(),
      fail: (error) => endWithError(span, error),
    };
  },
  currentTrace: () => (trace.getSpan(context.active()) ? fieldsOf(context.active()) : undefined),
};

/** A span of a call, and its duration as a metric. */
class RecordedCall implements CallSpan, ClientSpan {
  readonly trace: TraceFields | undefined;
  readonly #side: 'client' | 'server';
  readonly #span: Span;
  readonly #attributes: Attributes;
  readonly #context: Context;
  readonly #begun = now();
  #hasEnded = false;

  /** @param parent the context in which the span has begun */
  constructor(side: 'client' | 'server', span: Span, attributes: Attributes, parent: Context) {
    this.#side = side;
    this.#span = span;
    this.#attributes = attributes;
    this.#context = trace.setSpan(parent, span);
    this.trace = side === 'client' ? fieldsOf(this.#context) : undefined;
  }

  within<T>(run: () => T): T {
    return context.with(this.#context, run);
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#record(this.#attributes);
    this.#span.end();
  }

  fail(error: unknown): void {
    if (this.#hasEnded) return;
    this.#record({ ...this.#attributes, [ERROR_TYPE]: errorType(error) });
    endWithError(this.#span, error);
  }

  #record(attributes: Attributes): void {
    this.#hasEnded = true;
    // Within the context, so that the metric may have the span as its example.
    this.within(() => recordCall(this.#side, (now() - this.#begun) / 1000, attributes));
  }
}

function endWithError(span: Span, error: unknown): void {
  span.setAttribute(ERROR_TYPE, errorType(error));
  span.recordException(isError(error) ? error : describeReason(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: describeReason(error) });
  span.end();
}

/** What a message carries of a context, or `undefined` if the program has set no propagator. */
function fieldsOf(from: Context): TraceFields | undefined {
  const fields: Record<string, string> = {};
  propagation.inject(from, fields);
  return Object.keys(fields).length > 0 ? fields : undefined;
}

/** The context of what has arrived: that of the sender, or the current one if the message carried none. */
function contextOf({ trace: fields, isTrusted }: ArrivedCall): Context {
  if (!fields) return context.active();
  if (isTrusted) return propagation.extract(context.active(), fields);
  const sent = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, fields));
  return sent ? trace.setSpanContext(context.active(), sent) : context.active();
}
