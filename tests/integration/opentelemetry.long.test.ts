import { build } from 'esbuild';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTracedApp, type TracedApp } from '../support/spans.js';

const worker = `
  import { EventEmitter } from 'node:events';
  import { context, propagation, trace } from '@opentelemetry/api';

  const mark = (name) => trace.getTracer('app').startSpan(name).end();

  export class Worker extends EventEmitter {
    constructor() { super(); mark('in the constructor'); }

    async user() { await null; mark('in a method'); return propagation.getActiveBaggage()?.getEntry('user')?.value; }
    fail() { throw Object.assign(new Error('no such row'), { code: 'ENOROW' }); }
    each(items, fn) { return Promise.all(items.map((item) => fn(item))); }
    sort(items, compare) { return items.toSorted(compare); }
    claim(fn) {
      const claimed = propagation.createBaggage({ user: { value: 'Mallory' }, role: { value: 'admin' } });
      return context.with(propagation.setBaggage(context.active(), claimed), fn);
    }
    announce() { this.emit('news', 1); }
    crash() { process.exit(3); }

    async *rows(count) {
      for (let row = 0; row < count; row++) {
        mark('in a generator');
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (row === 1) throw new RangeError('out of rows');
        yield row;
      }
    }
    async *forever() { for (;;) { yield 1; await new Promise((resolve) => setTimeout(resolve, 5)); } }

    counter() { return new Counter(); }
    async log(logger) { await logger.write('a line'); }
  }

  class Counter {
    #count = 0;
    add() { return ++this.#count; }
  }
`;

/** Runs \`body\` in the span of a request, with baggage. */
const main = (body: string): string => `
  import { context, propagation, trace } from '@opentelemetry/api';
  import { byReference, procxy, procxyPool, sync } from 'procxy';
  import { Worker } from './worker.js';

  const tracer = trace.getTracer('app');
  const mark = (name) => tracer.startSpan(name).end();
  await tracer.startActiveSpan('request', async (request) => {
    const baggage = propagation.createBaggage({ user: { value: 'Ada' } });
    await context.with(propagation.setBaggage(context.active(), baggage), async () => { ${body} });
    request.end();
  });
`;

const creation = [
  '  client Worker/constructor',
  '    > server Worker/constructor',
  '      > internal in the constructor',
];

const programs = {
  'worker.js': worker,
  'call.js': main(`
    const worker = await procxy(Worker);
    console.log(await worker.user());
    await worker.fail().catch((error) => console.log(error.message));
    await worker.$terminate();`),
  'callbacks.js': main(`
    const worker = await procxy(Worker, { enableCallbacks: true });
    await worker.each([1], async function visit() { await null; mark('in a function'); });
    console.log(await worker.sort([2, 1], sync(function compare(a, b) { mark('in a comparator'); return a - b; })));
    worker.on('news', () => mark('in a listener'));
    await worker.announce();
    await worker.$terminate();`),
  'claim.js': main(`
    const worker = await procxy(Worker, { enableCallbacks: true });
    await worker.claim(function fn() { console.log(propagation.getActiveBaggage().getAllEntries().map(([key, { value }]) => key + '=' + value).join()); });
    await worker.$terminate();`),
  'streams.js': main(`
    const worker = await procxy(Worker);
    for await (const row of worker.rows(1)) console.log(row);
    try { for await (const row of worker.rows(2)); } catch (error) { console.log(error.message); }
    await worker.$terminate();`),
  'crash.js': main(`
    const worker = await procxy(Worker);
    try { for await (const item of worker.forever()) worker.$process.kill('SIGKILL'); } catch (error) { console.log(error.name); }`),
  'references.js': main(`
    const worker = await procxy(Worker, { enableReferences: true });
    const counter = await worker.counter();
    await counter.add();
    await worker.counter().add();
    class Logger { write() { mark('in a logger'); } }
    await worker.log(byReference(new Logger()));
    await worker.$terminate();`),
  'in-process.js': main(`
    const worker = await procxy(Worker, { inProcess: true });
    console.log(await worker.user());
    await worker.$terminate();`),
  // Imports its set-up by itself. A child inherits no flag that loads it.
  'children.js': `
    import './telemetry.js';
    import { traceChildren } from 'procxy/opentelemetry';
    traceChildren('./telemetry.js');
    await import('./call.js');`,
  'children.cjs': `
    require('./telemetry.cjs');
    require('procxy/opentelemetry').traceChildren('./telemetry.cjs');
    import('./call.js');`,
  'wrong.js': `
    import { traceChildren } from 'procxy/opentelemetry';
    for (const wrong of [undefined, '', 7, './none.js']) {
      try { traceChildren(wrong); } catch (error) { console.log(error.code, error.message); }
    }`,
  'broken.js': `
    import { procxy } from 'procxy';
    import { traceChildren } from 'procxy/opentelemetry';
    import { Worker } from './worker.js';
    traceChildren(new URL('./throws.js', import.meta.url));
    await procxy(Worker).catch((error) => console.log(error.name, error.message));`,
  'throws.js': "throw new Error('not configured');",
  // The child has no set-up.
  'parent-only.js': `
    import './telemetry.js';
    await import('./call.js');`,
  'plain.js': `
    import { procxy } from 'procxy';
    import { Plain } from './plain-class.js';
    const plain = await procxy(Plain);
    const send = plain.$process.send.bind(plain.$process);
    plain.$process.send = (message, ...rest) => { console.log(JSON.stringify(message)); return send(message, ...rest); };
    console.log(await plain.loaded(), Object.getOwnPropertySymbols(globalThis).some((key) => key.description?.includes('opentelemetry')));
    await plain.$terminate();`,
  'plain-class.js': `
    export class Plain {
      loaded() { return Object.getOwnPropertySymbols(globalThis).some((key) => key.description?.includes('opentelemetry')); }
    }`,
  'pool.js': `
    import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
    import { metrics } from '@opentelemetry/api';
    import { procxyPool } from 'procxy';
    import { Worker } from './worker.js';

    const exporter = new InMemoryMetricExporter(1);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    const pool = await procxyPool(Worker, { size: 1, restart: { minDelay: 1, onRestart() {} } });
    await Promise.all([pool.user(), pool.user()]);
    await pool.crash().catch(() => {});
    await pool.user();
    await pool.$recycle();
    await pool.$terminate();
    await reader.forceFlush();
    const found = exporter.getMetrics()[0].scopeMetrics.flatMap(({ scope, metrics }) => scope.name === 'procxy' ? metrics : []);
    for (const { descriptor, dataPoints } of found.toSorted((a, b) => a.descriptor.name < b.descriptor.name ? -1 : 1)) {
      for (const { attributes, value } of dataPoints) {
        console.log(descriptor.name, descriptor.unit, JSON.stringify(attributes), value.count ?? value, value.sum > 0 && value.sum < 60);
      }
    }`,
};

let app: TracedApp;
beforeAll(async () => (app = await makeTracedApp(programs)));
afterAll(() => app?.remove());

const setUp = ['--import', './telemetry.js'];
const call = [
  'internal request',
  ...creation,
  '  client Worker/user',
  '    > server Worker/user',
  '      > internal in a method',
  '  client Worker/fail',
  '    > server Worker/fail',
];

test('a call is a client span of the parent and a server span of the child, in one trace and with its baggage', async () => {
  const { stdout, stderr, spans, tree } = await app.trace(...setUp, 'call.js');
  expect({ stdout, stderr, tree }).toEqual({ stdout: 'Ada\nno such row\n', stderr: '', tree: call });
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  for (const { attributes } of spans.filter(({ name }) => name === 'Worker/user')) {
    expect(attributes).toEqual({ 'rpc.system.name': 'procxy', 'rpc.method': 'Worker/user' });
  }
  for (const { status, attributes, events } of spans.filter(({ name }) => name === 'Worker/fail')) {
    expect(status).toEqual({ code: 2, message: 'no such row' });
    expect(attributes).toMatchObject({ 'error.type': 'ENOROW' });
    expect(events).toEqual(['exception: no such row']);
  }
});

test('functions, synchronous ones too, and listeners run in spans of the call that led to them', async () => {
  const { stdout, tree } = await app.trace(...setUp, 'callbacks.js');
  expect({ stdout, tree }).toEqual({
    stdout: '[ 1, 2 ]\n',
    tree: [
      'internal request',
      ...creation,
      '  client Worker/each',
      '    > server Worker/each',
      '      > client visit',
      '        server visit',
      '          internal in a function',
      '  client Worker/sort',
      '    > server Worker/sort',
      '      > client compare',
      '        server compare',
      '          internal in a comparator',
      '  client Worker/announce',
      '    > server Worker/announce',
      '      consumer Worker/news',
      '        internal in a listener',
    ],
  });
});

test('a function keeps the baggage with which it was passed, whatever the child claims', async () => {
  const { stdout, tree } = await app.trace(...setUp, 'claim.js');
  expect({ stdout, tree }).toEqual({
    stdout: 'user=Ada\n',
    tree: [
      'internal request',
      ...creation,
      '  client Worker/claim',
      '    > server Worker/claim',
      '      > client fn',
      '        server fn',
    ],
  });
});

test('a span lasts as long as the stream that the call returned, and the code of the stream runs in it', async () => {
  const { stdout, spans, tree } = await app.trace(...setUp, 'streams.js');
  expect({ stdout, tree }).toEqual({
    stdout: '0\nout of rows\n',
    tree: [
      'internal request',
      ...creation,
      '  client Worker/rows',
      '    > server Worker/rows',
      '      > internal in a generator',
      '  client Worker/rows',
      '    > server Worker/rows',
      '      > internal in a generator',
      '      > internal in a generator',
    ],
  });
  const failure = { status: { code: 2, message: 'out of rows' }, attributes: { 'error.type': 'RangeError' } };
  for (const kind of ['client', 'server']) {
    const [read, failed] = spans.filter((span) => span.name === 'Worker/rows' && span.kind === kind);
    expect(read).toMatchObject({ status: { code: 0 } });
    expect(read?.duration).toBeGreaterThan(15);
    expect(failed).toMatchObject(failure);
  }
});

test('the span of a stream ends with an error when the child crashes', async () => {
  const { spans } = await app.trace(...setUp, 'crash.js');
  const span = spans.find(({ name }) => name === 'Worker/forever');
  expect(span).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'ChildCrashedError' } });
});

test('methods of references and of results are spans with the name of their class', async () => {
  const { tree } = await app.trace(...setUp, 'references.js');
  expect(tree).toEqual([
    'internal request',
    ...creation,
    '  client Worker/counter',
    '    > server Worker/counter',
    '  client Counter/add',
    '    > server Counter/add',
    '  client Worker/counter',
    '    > server Worker/counter',
    // Its caller does not know the class yet.
    '  client add',
    '    > server Counter/add',
    '  client Worker/log',
    '    > server Worker/log',
    '      > client Logger/write',
    '        server Logger/write',
    '          internal in a logger',
  ]);
});

test('an instance in the same process makes the same spans', async () => {
  const { stdout, tree } = await app.trace(...setUp, 'in-process.js');
  expect({ stdout, tree }).toEqual({
    stdout: 'Ada\n',
    tree: [
      'internal request',
      ...creation.map((line) => line.replace('> ', '')),
      '  client Worker/user',
      '    server Worker/user',
      '      internal in a method',
    ],
  });
});

test.each([
  ['a CommonJS set-up that a flag loads', ['--require', './telemetry.cjs', 'call.js']],
  ['traceChildren() in an ES module', ['children.js']],
  ['traceChildren() in CommonJS', ['children.cjs']],
])('%s reaches the child', async (_how, args) => {
  const { stdout, stderr, tree } = await app.trace(...args);
  expect({ stdout, stderr, tree }).toEqual({ stdout: 'Ada\nno such row\n', stderr: '', tree: call });
});

test.each(['esm', 'cjs'] as const)('a bundle in the format %s names the set-up of its children', async (format) => {
  const outfile = join(app.folder, 'out', `bundle.${format === 'esm' ? 'mjs' : 'cjs'}`);
  await build({
    stdin: {
      contents: `import 'procxy/opentelemetry'; import { traceChildren } from 'procxy/opentelemetry';
        import { procxy } from 'procxy';
        import { Worker } from './worker.js';
        traceChildren('../telemetry.js');
        async function main() {
          const worker = await procxy(Worker, '../worker.js');
          console.log(await worker.user());
          await worker.$terminate();
        }
        main();`,
      resolveDir: app.folder,
    },
    outfile,
    format,
    bundle: true,
    platform: 'node',
    external: format === 'esm' ? ['@opentelemetry/api', 'events'] : [],
    logLevel: 'silent',
  });
  const { stdout, stderr, tree } = await app.trace(outfile);
  expect({ stdout, stderr }).toEqual({ stdout: 'undefined\n', stderr: '' });
  // This bundle has no SDK, so that only the child records spans.
  expect(tree).toEqual([
    'server Worker/constructor',
    '  internal in the constructor',
    'server Worker/user',
    '  internal in a method',
  ]);
});

test('without a set-up in the child, the parent has its own spans', async () => {
  const { stdout, tree } = await app.trace('parent-only.js');
  expect(stdout).toBe('undefined\nno such row\n');
  expect(tree).toEqual(call.filter((line) => !line.includes('>')));
});

test('without the import, nothing of OpenTelemetry is loaded on either side, and messages carry nothing more', async () => {
  const { stdout, tree } = await app.trace('plain.js');
  expect(stdout.split('\n')[0]).toMatch(/^\{"type":"call-invoke","callId":\d+,"method":"loaded","args":\[\]\}$/);
  expect(stdout).toContain('\nfalse false\n');
  expect(tree).toEqual([]);
});

test('waiting for an instance of a pool, restarts and the duration of calls are metrics', async () => {
  const { stdout } = await app.trace(...setUp, 'pool.js');
  const lines = stdout.trim().split('\n');
  const user = '{"rpc.system.name":"procxy","rpc.method":"Worker/user"}';
  expect(lines).toContain(`rpc.client.call.duration s ${user} 3 true`);
  expect(lines).toContain(
    'rpc.client.call.duration s {"rpc.system.name":"procxy","rpc.method":"Worker/crash","error.type":"ChildCrashedError"} 1 true',
  );
  expect(lines).toContain('procxy.restarts {restart} {"procxy.class":"Worker","procxy.reason":"crash"} 1 false');
  expect(lines).toContain('procxy.restarts {restart} {"procxy.class":"Worker","procxy.reason":"recycle"} 1 false');
  expect(stdout).toMatch(/^procxy\.queue\.wait_time s \{"procxy\.class":"Worker"\} [123] true$/m);
});

test('traceChildren() refuses a wrong module', async () => {
  const { stdout } = await app.trace('wrong.js');
  const needs = (got: string): string =>
    `PROCXY_OPTIONS_VALIDATION traceChildren() needs the path of a module, a file: URL or the name of a package, but got ${got}. Call traceChildren('./telemetry.js').`;
  const [none, empty, number, missing] = stdout.split('\n');
  expect([none, empty, number]).toEqual([needs('undefined'), needs("''"), needs('7')]);
  expect(missing).toMatch(/^PROCXY_MODULE_RESOLUTION The module '\.\/none\.js' does not exist/);
});

test('a set-up that throws fails the start', async () => {
  const { stdout } = await app.trace('broken.js');
  expect(stdout).toMatch(
    /^ModuleResolutionError .*throws\.js could not be loaded in the child process: .*not configured/,
  );
});
