import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeApp, run } from './packed.js';

/** A span as the set-up below writes it when its process ends. */
export interface RecordedSpan {
  pid: number;
  name: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  traceId: string;
  id: string;
  parent: string | undefined;
  begun: number;
  /** ms */
  duration: number;
  status: { code: number; message?: string };
  attributes: Record<string, unknown>;
  events: string[];
}

const load = (how: 'import' | 'require', names: string, module: string): string =>
  how === 'import' ? `import { ${names} } from '${module}';` : `const { ${names} } = require('${module}');`;

/** A user's set-up: OpenTelemetry's own SDK with its exporter in memory, whose content goes to a file at the end of the process. */
const telemetry = (how: 'import' | 'require'): string => `
  ${load(how, 'appendFileSync', 'node:fs')}
  ${load(how, 'InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor', '@opentelemetry/sdk-trace-node')}
  ${how === 'import' ? "import 'procxy/opentelemetry';" : "require('procxy/opentelemetry');"}

  const exporter = new InMemorySpanExporter();
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  const kinds = ['internal', 'server', 'client', 'producer', 'consumer'];
  const toMs = ([seconds, nanoseconds]) => seconds * 1000 + nanoseconds / 1e6;
  process.on('exit', () => {
    for (const span of exporter.getFinishedSpans()) {
      const { traceId, spanId: id } = span.spanContext();
      const { name, status, attributes } = span;
      const times = { begun: toMs(span.startTime), duration: toMs(span.duration) };
      const events = span.events.map(({ name, attributes }) => [name, attributes['exception.message']].join(': '));
      const line = { pid: process.pid, name, kind: kinds[span.kind], traceId, id, parent: span.parentSpanContext?.spanId };
      appendFileSync(process.env.SPANS, JSON.stringify({ ...line, ...times, status, attributes, events }) + '\\n');
    }
  });
`;

export interface Traced {
  stdout: string;
  stderr: string;
  spans: RecordedSpan[];
  /** A line for each span, indented beneath its parent: \`client Worker/add\`. Spans of children have a \`>\` before them. */
  tree: string[];
}

export interface TracedApp {
  folder: string;
  /** Runs Node with these arguments, and returns the spans of all processes. */
  trace(...args: string[]): Promise<Traced>;
  remove(): void;
}

/** An app with the files, \`telemetry.js\` and \`telemetry.cjs\`. */
export async function makeTracedApp(
  files: Readonly<Record<string, string>>,
  packages: readonly string[] = [],
): Promise<TracedApp> {
  const folder = await makeApp(
    {
      'package.json': '{ "type": "module" }',
      'telemetry.js': telemetry('import'),
      'telemetry.cjs': telemetry('require'),
      ...files,
    },
    ['@opentelemetry/api', '@opentelemetry/sdk-trace-node', '@opentelemetry/sdk-metrics', ...packages],
  );
  let count = 0;
  return {
    folder,
    async trace(...args) {
      const file = join(folder, `spans-${++count}.jsonl`);
      const set = `process.env.SPANS = ${JSON.stringify(file)};`;
      const first = `data:text/javascript,${encodeURIComponent(set)}`;
      const { stdout, stderr } = await run(process.execPath, ['--import', first, ...args], { cwd: folder });
      const spans = existsSync(file) ? read(file) : [];
      return { stdout, stderr, spans, tree: treeOf(spans) };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function read(file: string): RecordedSpan[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as RecordedSpan);
}

function treeOf(spans: readonly RecordedSpan[]): string[] {
  const ids = new Set(spans.map(({ id }) => id));
  const roots = spans.filter(({ parent }) => parent === undefined || !ids.has(parent));
  const main = roots.toSorted(byTime)[0]?.pid;
  const lines: string[] = [];
  const add = (span: RecordedSpan, depth: number): void => {
    lines.push(`${'  '.repeat(depth)}${span.pid === main ? '' : '> '}${span.kind} ${span.name}`);
    for (const child of spans.filter(({ parent }) => parent === span.id).toSorted(byTime)) add(child, depth + 1);
  };
  for (const root of roots.toSorted(byTime)) add(root, 0);
  return lines;
}

function byTime(one: RecordedSpan, other: RecordedSpan): number {
  return one.begun - other.begun;
}
