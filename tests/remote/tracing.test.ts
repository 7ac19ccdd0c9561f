import diagnostics from 'node:diagnostics_channel';
import { expect, test } from 'vitest';
import { procxy } from '../../dist/index.js';
import { connect, serve } from '../../dist/remote.js';
import { Traced } from '../fixtures/traced.js';
import { hasNats, startNats } from '../support/nats.js';

test.runIf(hasNats)('traces name the process on the host, which is known when it has started', async () => {
  const nats = await startNats();
  const network = { servers: nats.url, namespace: 'traced' };
  const classes = { Traced: { module: new URL('../fixtures/traced.js', import.meta.url) } };
  const host = await serve({ ...network, classes, log: () => {} });
  const cluster = await connect(network);
  const seen: [event: string, context: unknown][] = [];
  const listeners = ['start:asyncStart', 'callback:start', 'call:start'].map((event) => {
    const channel = `tracing:procxy:${event}`;
    const listener = (context: unknown): unknown => seen.push([event, { ...(context as object) }]);
    diagnostics.subscribe(channel, listener);
    return (): boolean => diagnostics.unsubscribe(channel, listener);
  });
  const traced = await procxy(Traced, { host: cluster, enableCallbacks: true });
  const { pid } = traced.$where;
  await traced.each([1], async (n: number) => n * 2);
  expect(pid).toBeGreaterThan(0);
  expect(seen).toMatchObject([
    ['start:asyncStart', { className: 'Traced', pid }],
    ['call:start', { className: 'Traced', pid, method: 'each' }],
    ['callback:start', { pid, arguments: [1] }],
  ]);
  listeners.forEach((unsubscribe) => unsubscribe());
  await cluster.close();
  await host.close();
  await nats.kill();
});
