/**
 * Measures calls and bytes through hosts on this machine, and what they cost each process. From that follows what more machines would
 * carry. Writes both into `docs/hosts.md`. `npm run bench:remote`, or with a number of rounds: `npm run bench:remote -- 5`
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { procxy } from 'procxy';
import { connect, type Cluster } from 'procxy/remote';
import { format, resolveConfig } from 'prettier';
import { startNats, type NatsServer } from '../support/nats.js';
import { describeMachine } from './machine.js';
import { Echo } from './remote-echo.js';
import { median } from './statistics.js';

const ROUNDS = Number(process.argv[2] ?? 3);
/** ms of each sample. */
const TIME = 1500;
const MEGABYTE = 2 ** 20;
const page = fileURLToPath(new URL('../../docs/hosts.md', import.meta.url));
const BEGIN = '<!-- written by npm run bench:remote -->';
const END = '<!-- end of what npm run bench:remote has written -->';

type Instance = Awaited<ReturnType<typeof makeEcho>>;
const makeEcho = (host: Cluster) => procxy(Echo, { host, serialization: 'advanced', timeout: 0 });

/** How much a process has used the processor, in ms. */
const cpuOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  // User and system time, in hundredths of a second.
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

const machine = describeMachine();
const nats = await startNats();
const hosts = await Promise.all([startHost(nats, 'one'), startHost(nats, 'two'), startHost(nats, 'two')]);

interface Measure {
  what: string;
  unit: 'calls/s' | 'MB/s';
  /** Does it once, and returns how many calls or MB that were. */
  run(instance: Instance): Promise<number>;
}

const inWindow =
  (size: number) =>
  async (instance: Instance): Promise<number> => {
    await Promise.all(Array.from({ length: size }, (_none, index) => instance.echo(index)));
    return size;
  };
const buffer = Buffer.alloc(MEGABYTE, 1);
const measures: readonly Measure[] = [
  { what: 'calls, one after the other', unit: 'calls/s', run: inWindow(1) },
  { what: 'calls, 64 at a time', unit: 'calls/s', run: inWindow(64) },
  { what: 'calls, 1,000 at a time', unit: 'calls/s', run: inWindow(1000) },
  {
    what: 'a stream',
    unit: 'MB/s',
    async run(instance) {
      let bytes = 0;
      for await (const chunk of await instance.write(32)) bytes += (chunk as Buffer).length;
      return bytes / MEGABYTE;
    },
  },
  {
    what: 'a Buffer of 1 MB, there and back',
    unit: 'MB/s',
    async run(instance) {
      await instance.echo(buffer);
      return 2;
    },
  },
];

/** ms of the processor for each call or MB. */
interface Cost {
  client: number;
  server: number;
  host: number;
  instance: number;
}

interface Sample {
  rate: number;
  cost: Cost;
}

async function sample({ run }: Measure, instances: readonly Instance[], hostPids: readonly number[]): Promise<Sample> {
  const used = (): Cost => ({
    client: cpuOf(process.pid),
    server: cpuOf(nats.pid ?? 0),
    host: hostPids.reduce((sum, pid) => sum + cpuOf(pid), 0),
    instance: instances.reduce((sum, { $where: { pid } }) => sum + cpuOf(pid ?? 0), 0),
  });
  await Promise.all(instances.map(run));
  const [before, begun] = [used(), performance.now()];
  let done = 0;
  const repeat = async (instance: Instance): Promise<void> => {
    while (performance.now() - begun < TIME) done += await run(instance);
  };
  await Promise.all(instances.map(repeat));
  const [after, time] = [used(), performance.now() - begun];
  const cost = Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, (value - before[name as keyof Cost]) / done]),
  ) as unknown as Cost;
  return { rate: (done / time) * 1000, cost };
}

const samples = new Map<Measure, { one: Sample[]; two: Sample[] }>(
  measures.map((each) => [each, { one: [], two: [] }]),
);
for (const namespace of ['one', 'two'] as const) {
  const cluster = await connect({ servers: nats.url, namespace });
  const stats = await cluster.stats();
  // One on each host: the least loaded one is chosen.
  const instances: Instance[] = [];
  for (let count = 0; count < stats.length; count++) instances.push(await makeEcho(cluster));
  const pids = stats.map(({ pid }) => pid);
  for (let round = 0; round < ROUNDS; round++) {
    for (const measure of measures) samples.get(measure)?.[namespace].push(await sample(measure, instances, pids));
  }
  await cluster.close();
}
await Promise.all(hosts.map((host) => end(host)));
await nats.kill();
const text = await report();
process.stdout.write(text);
await publish(text);

async function startHost(server: NatsServer, namespace: string): Promise<ChildProcess> {
  const options = JSON.stringify({ servers: server.url, namespace });
  const child = fork(new URL('remote-host.js', import.meta.url), [options]);
  await once(child, 'message');
  return child;
}

async function end(host: ChildProcess): Promise<void> {
  const exited = once(host, 'exit');
  host.send('end');
  await exited;
}

/** The median of a cost over the samples, in µs. */
function costOf(all: readonly Sample[], name: keyof Cost): number {
  return median(all.map(({ cost }) => cost[name])) * 1000;
}

async function report(): Promise<string> {
  const figure = (value: number): string => Number(value.toPrecision(2)).toLocaleString('en-US');
  const { cpu, system, memory, load, cores } = machine;
  const where = `Node ${process.version.slice(1)}, ${system}, ${cores} × ${cpu}, ${memory}`;
  const when = `${ROUNDS} ${ROUNDS === 1 ? 'round' : 'rounds'}, ${new Date().toISOString().slice(0, 10)}; load of the machine before: ${load.toFixed(1)}`;
  const parts: (keyof Cost)[] = ['client', 'server', 'host', 'instance'];
  const rows = measures.map((measure) => {
    const { one = [], two = [] } = samples.get(measure) ?? {};
    const rates = [one, two].map((all) => `${figure(median(all.map(({ rate }) => rate)))} ${measure.unit}`);
    const costs = parts.map((name) => `${figure(costOf(one, name))} µs`);
    return `| ${[measure.what, ...rates, ...costs].join(' | ')} |`;
  });
  const full = samples.get(measures[2] as Measure)?.one ?? [];
  const [client = 0, server = 0, host = 0, instance = 0] = parts.map((name) => costOf(full, name));
  const ceiling = (micros: number): number => 1e6 / micros;
  const predicted = (cores * 1e6) / (client + server + host + instance);
  const seen = median(full.map(({ rate }) => rate));
  const growth = [1, 2, 4, 8, 16, 32].map((count) => {
    const [ofHosts, ofServer] = [count * ceiling(host), 4 * ceiling(server)];
    const clients = Math.min(ofHosts, ofServer) / ceiling(client);
    return `| ${count} | ${figure(Math.min(ofHosts, ofServer))} calls/s | ${ofHosts < ofServer ? 'the hosts' : 'the server'} | ${Math.ceil(clients)} |`;
  });
  return [
    `${where}; ${when}. Client, server, hosts and instances share the ${cores} cores.`,
    '| | one host | two hosts | client | server | host | instance |\n| - | - | - | - | - | - | - |\n' + rows.join('\n'),
    `The last four columns are the time of the processor for each call or MB, through one host. With 1,000 calls at a time, a host process with a core of its own carries ${figure(ceiling(host))} calls per second. A core of the server carries ${figure(ceiling(server))}.`,
    `More machines are computed from that: each host, client and instance has a core of its own, and one server has four. The same sum predicts ${figure(predicted)} calls per second for this machine, where ${figure(seen)} were measured.`,
    '| hosts | at most | what limits | client processes that it takes |\n| - | - | - | - |\n' + growth.join('\n'),
    '',
  ].join('\n\n');
}

async function publish(figures: string): Promise<void> {
  const old = readFileSync(page, 'utf8');
  const [begin, stop] = [old.indexOf(BEGIN), old.indexOf(END)];
  if (begin === -1 || stop < begin)
    throw new Error(`${page} has no place for the figures: the lines\n${BEGIN}\n${END}`);
  const next = [old.slice(0, begin + BEGIN.length), figures, old.slice(stop)].join('\n\n');
  writeFileSync(page, await format(next, { ...(await resolveConfig(page)), parser: 'markdown' }));
}
