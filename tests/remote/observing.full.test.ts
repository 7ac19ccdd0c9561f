import { fork } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HostError, HostLostError, procxy } from '../../dist/index.js';
import { connect, serve } from '../../dist/remote.js';
import { Ledger } from '../fixtures/remote/ledger.js';
import { hasNats, startNats, type NatsServer } from '../support/nats.js';
import { makeTracedApp } from '../support/spans.js';

const module = new URL('../fixtures/remote/ledger.ts', import.meta.url);
const options = { execArgv: ['--import', import.meta.resolve('tsx')] };

describe.runIf(hasNats)('instances on hosts are observed', () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.kill());

  test('through the channel procxy:host', async () => {
    const heard: object[] = [];
    const listen = (message: unknown): void => void heard.push(message as object);
    subscribe('procxy:host', listen);
    const servers = nats.url;
    const host = await serve({ servers, namespace: 'seen', classes: { Ledger: { module, options } } });
    await using cluster = await connect({ servers, namespace: 'seen', lease: { host: 2000, client: 3000 } });
    const ledger = await procxy(Ledger, { host: cluster });
    const one = { className: 'Ledger', host: host.id, wait: undefined };
    const { pid } = ledger.$where;
    expect(heard.splice(0)).toEqual([{ ...one, pid, reason: 'placed', wait: expect.any(Number) as number }]);
    // The host makes instances by their constructor.
    await expect(procxy(Ledger, { host: cluster, create: 'open' }, 'file')).rejects.toThrow(HostError);
    const refused = { ...one, pid: undefined, reason: 'refused', error: expect.any(HostError) as HostError };
    expect(heard.splice(0)).toEqual([refused]);
    const draining = host.drain();
    await expect.poll(() => heard).toEqual([{ ...one, pid, reason: 'draining' }]);
    await ledger.$terminate();
    await draining;
    heard.length = 0;

    const child = fork(
      new URL('../fixtures/remote/host.ts', import.meta.url),
      [JSON.stringify({ servers, namespace: 'seen', lease: { host: 2000, client: 3000 } })],
      options,
    );
    const [id] = (await once(child, 'message')) as [string];
    const lost = await procxy(Ledger, { host: cluster });
    const call = lost.wait(60_000);
    child.kill('SIGKILL');
    await expect(call).rejects.toThrow(HostLostError);
    const error = expect.any(HostLostError) as HostLostError;
    expect(heard.at(-1)).toEqual({ ...one, host: id, pid: expect.any(Number) as number, reason: 'lost', error });
    unsubscribe('procxy:host', listen);
  });

  test('through spans and metrics of OpenTelemetry. The process on the host continues the trace', async () => {
    const files = {
      'worker.js': `
        import { trace } from '@opentelemetry/api';
        const mark = (name) => trace.getTracer('app').startSpan(name).end();
        export class Worker {
          constructor() { mark('in the constructor'); }
          async each(items, fn) { mark('in a method'); for (const item of items) await fn(item); }
        }`,
      'main.js': `
        import { metrics, trace } from '@opentelemetry/api';
        import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
        import { procxy } from 'procxy';
        import { traceChildren } from 'procxy/opentelemetry';
        import { connect, serve } from 'procxy/remote';
        import { Worker } from './worker.js';
        const exporter = new InMemoryMetricExporter(1);
        const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
        metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
        traceChildren('./telemetry.js'); // this process is the host too
        const at = { servers: ${JSON.stringify(nats.url)}, namespace: 'traced' };
        const options = { inheritEnv: true };
        const host = await serve({ ...at, classes: { Worker: { module: './worker.js', options } } });
        const cluster = await connect(at);
        await trace.getTracer('app').startActiveSpan('request', async (request) => {
          const worker = await procxy(Worker, { host: cluster, enableCallbacks: true });
          await worker.each([1], function step() {});
          await worker.$terminate();
          request.end();
        });
        await cluster.close();
        await host.close();
        await reader.forceFlush();
        const found = exporter.getMetrics()[0].scopeMetrics.flatMap(({ metrics }) => metrics);
        for (const { descriptor, dataPoints } of found.filter(({ descriptor }) => descriptor.name.includes('host'))) {
          for (const { attributes, value } of dataPoints) console.log(descriptor.name, attributes, value.count ?? value);
        }
        await reader.shutdown();`,
    };
    const app = await makeTracedApp(files, ['@nats-io/transport-node']);
    const { tree, spans, stdout, stderr } = await app.trace('--import', './telemetry.js', 'main.js');
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n').toSorted()).toEqual([
      "procxy.host.events { 'procxy.class': 'Worker', 'procxy.reason': 'placed' } 1",
      "procxy.host.placement_time { 'procxy.class': 'Worker' } 1",
    ]);
    expect(tree).toEqual([
      'internal request',
      '  client Worker/constructor',
      '    > server Worker/constructor',
      '      > internal in the constructor',
      '  client Worker/each',
      '    > server Worker/each',
      '      > internal in a method',
      '      > client step',
      '        server step',
    ]);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    app.remove();
  });
});
