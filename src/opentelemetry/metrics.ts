import diagnostics from 'node:diagnostics_channel';
import {
  metrics,
  type Attributes,
  type Counter,
  type Histogram,
  type Meter,
  type MeterProvider,
} from '@opentelemetry/api';
import type { HostContext, QueueContext, RestartContext } from '../parent/tracing.js';
import { CLASS, REASON, SYSTEM } from './attributes.js';

/** The boundaries of the histograms, in seconds, as the conventions for RPC give them. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

interface Instruments {
  client: Histogram;
  server: Histogram;
  wait: Histogram;
  restarts: Counter;
  placement: Histogram;
  hosts: Counter;
}

let made: { provider: MeterProvider; instruments: Instruments } | undefined;

/** Records how long a call took, in seconds. */
export function recordCall(side: 'client' | 'server', duration: number, attributes: Attributes): void {
  instruments()[side].record(duration, attributes);
}

/** Records what pools, keyed instances, restarts and hosts publish. */
export function recordMetrics(): void {
  diagnostics.subscribe('procxy:queue', (message) => {
    const { className, wait } = message as QueueContext;
    instruments().wait.record(wait / 1000, { [CLASS]: className });
  });
  diagnostics.subscribe('procxy:restart', (message) => {
    const { className, reason } = message as RestartContext;
    instruments().restarts.add(1, { [CLASS]: className, [REASON]: reason });
  });
  diagnostics.subscribe('procxy:host', (message) => {
    const { className, reason, wait } = message as HostContext;
    if (wait !== undefined) instruments().placement.record(wait / 1000, { [CLASS]: className });
    instruments().hosts.add(1, { [CLASS]: className, [REASON]: reason });
  });
}

/** Makes them at their first use, and again if the program has set a provider since: the API has no stand-ins for later meters. */
function instruments(): Instruments {
  const provider = metrics.getMeterProvider();
  if (made?.provider !== provider) made = { provider, instruments: makeInstruments(provider.getMeter(SYSTEM)) };
  return made.instruments;
}

function makeInstruments(meter: Meter): Instruments {
  const duration = (name: string, description: string): Histogram =>
    meter.createHistogram(name, { unit: 's', description, advice: { explicitBucketBoundaries: boundaries } });
  return {
    client: duration('rpc.client.call.duration', 'Measures the duration of an outgoing Remote Procedure Call (RPC).'),
    server: duration('rpc.server.call.duration', 'Measures the duration of an incoming Remote Procedure Call (RPC).'),
    wait: duration('procxy.queue.wait_time', 'How long a call waited for an instance of a pool or of a key.'),
    restarts: meter.createCounter('procxy.restarts', {
      unit: '{restart}',
      description: 'How many new children have taken the place of others.',
    }),
    placement: duration(
      'procxy.host.placement_time',
      'How long it took until a host had started the process of an instance.',
    ),
    hosts: meter.createCounter('procxy.host.events', {
      unit: '{event}',
      description: 'How often hosts have placed or refused an instance, have announced their end, or were lost.',
    }),
  };
}
