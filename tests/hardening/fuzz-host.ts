import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connect as connectNats, headers, type NatsConnection } from '@nats-io/transport-node';
import { procxy } from 'procxy';
import { connect, type Cluster } from 'procxy/remote';
import { Elsewhere } from '../fixtures/elsewhere.js';
import { startNats } from '../support/nats.js';
import { seeded } from '../support/seeded.js';
import { Lane } from '../../src/remote/link/frame.js';
import { Ammunition, HostileLink, MAX_PAYLOAD, type Shot } from './hostile-link.js';

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Frames between two looks at the host. */
const ROUND = 500;
/** Bytes by which the host's process may grow: links keep a window for each lane, and V8 collects garbage late. */
const MEMORY = 300_000_000;
/** More instances than tests/fixtures/remote/fuzzed.config.js allows. */
const INSTANCES = 6;
/** ms within which everything of a client that has gone must be over: its lease, and time for its processes to end. */
const AFTERWARDS = 60_000;

export interface HostReport {
  frames: number;
  sessions: number;
  /** Calls of an honest client that were answered meanwhile. */
  calls: number;
  /** How many instances the host has started for the attacker. */
  started: number;
  /** Bytes by which the host has grown, at the most. */
  memory: number;
}

/**
 * Attacks a host as a client of its own namespace can, without permissions of NATS: random frames of every kind, and then as many
 * small ones. An honest client uses the same host.
 * @throws if the host ends, grows, starts more than it may, keeps anything of the attacker, or the honest client suffers
 */
export async function fuzzHost(frames: number, seed: number): Promise<HostReport> {
  const nats = await startNats();
  const host = spawn(
    process.execPath,
    [path('../dist/procxy-host.js'), path('fixtures/remote/fuzzed.config.js'), '--servers', nats.url],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let printed = '';
  host.stderr.setEncoding('utf8').on('data', (text) => (printed += text));
  while (!printed.includes(' serves ')) await once(host.stderr, 'data');
  const cluster = await connect({ servers: nats.url, namespace: 'fuzz', client: 'honest', lease: { host: 20_000 } });
  const stranger = await connectNats({ servers: nats.url });
  let report: HostReport;
  try {
    report = await attack(cluster, stranger, frames, seed);
    await stranger.close();
    await isOver(cluster, host);
  } catch (error) {
    host.kill('SIGKILL');
    throw new Error(`The host was harmed, with the seed ${seed}. It has printed: ${printed}`, { cause: error });
  } finally {
    await stranger.close();
    await cluster.close();
    host.kill('SIGKILL');
    await nats.kill();
  }
  const faults = printed.split('\n').filter((line) => /Error|Warning/.test(line) && !line.includes('PROCXY_NATS'));
  if (faults.length > 0) throw new Error(`With the seed ${seed}, the host has printed: ${faults.join('\n')}`);
  return report;
}

async function attack(cluster: Cluster, stranger: NatsConnection, frames: number, seed: number): Promise<HostReport> {
  await using honest = await procxy(Elsewhere, { host: cluster }, 'honest');
  const before = await statsOf(cluster);
  const report: HostReport = { frames: 0, sessions: 0, calls: 0, started: 0, memory: 0 };
  const look = async (): Promise<void> => {
    await stranger.flush();
    const sent = [report.calls++, report.calls++, report.calls++];
    const echoed = await Promise.all(sent.map((n) => honest.echo(n)));
    if (echoed.join() !== sent.join()) throw new Error(`An honest client got ${echoed.join()} for ${sent.join()}.`);
    const { instances, rss } = await statsOf(cluster);
    if (instances > INSTANCES) throw new Error(`The host runs ${instances} instances.`);
    report.memory = Math.max(report.memory, rss - before.rss);
    if (report.memory > MEMORY) throw new Error(`The host has grown by ${report.memory} bytes.`);
  };
  const attacker = new HostileClient(before.id, seed);
  const fire = (shot: Shot): void => {
    report.frames++;
    publish(stranger, shot);
  };
  while (report.frames < frames) {
    for (let n = 0; n < ROUND; n++) fire(attacker.next());
    await look();
  }
  report.sessions = attacker.sessions;
  for (const shot of attacker.smallFrames()) {
    for (let n = 0; n < frames / 4; n++) {
      fire(shot());
      if (n % 5000 === 4999) await look();
    }
  }
  await look();
  report.started = (await statsOf(cluster)).started - before.started;
  return report;
}

/** Everything of the attacker ends, and a signal makes the host drain as ever. */
async function isOver(cluster: Cluster, host: ChildProcess): Promise<void> {
  const until = Date.now() + AFTERWARDS;
  for (;;) {
    const { instances, kept } = await statsOf(cluster);
    if (instances === 0 && kept === 0) break;
    if (Date.now() > until) throw new Error(`${instances} instances and ${kept} bytes are left.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // On Windows a signal ends a process before it can drain.
  if (process.platform === 'win32') return;
  const exited = once(host, 'exit');
  host.kill('SIGTERM');
  const [code, signal] = (await exited) as [number | null, string | null];
  if (code !== 0) throw new Error(`The host ended with ${code ?? signal}.`);
}

async function statsOf(cluster: Cluster): Promise<Awaited<ReturnType<Cluster['stats']>>[number]> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const [host] = await cluster.stats();
    if (host) return host;
  }
  throw new Error('The host does not answer any more.');
}

export function publish(connection: NatsConnection, { subject, data, reply, isRefusal }: Shot): void {
  // The server counts headers too.
  connection.publish(subject, data.subarray(0, isRefusal ? 1000 : MAX_PAYLOAD), {
    ...(reply !== undefined && { reply }),
    ...(isRefusal && { headers: headers(503, 'No Responders') }),
  });
}

class HostileClient {
  sessions = 0;
  readonly #host: string;
  readonly #ammunition: Ammunition;
  readonly #past: Shot[] = [];
  #links: HostileLink[] = [];

  constructor(host: string, seed: number) {
    this.#host = host;
    this.#ammunition = new Ammunition('child', seed, seeded(seed));
  }

  next(): Shot {
    if (this.#links.length === 0 || this.#ammunition.chance(0.02)) return this.#begin();
    if (this.#ammunition.chance(0.05)) return this.#question();
    return this.#ammunition.pick(this.#links).next(() => this.#control());
  }

  /** Makes the same small frame again and again: to a session that exists, and to one that does not. */
  smallFrames(): (() => Shot)[] {
    this.#begin();
    const known = this.#links[0] as HostileLink;
    const unknown = this.#link('nobody');
    return [() => known.question(), () => unknown.question(), () => ({ ...unknown.question(), data: Buffer.alloc(1) })];
  }

  #link(session: string): HostileLink {
    const end = `hostile.c${this.#ammunition.below(3)}.${session}`;
    return new HostileLink(`procxy.fuzz.h.${this.#host}.${end}`, `procxy.fuzz.c.${end}`, this.#ammunition, this.#past);
  }

  #begin(): Shot {
    const link = this.#link(`s${this.sessions++}`);
    this.#links = [link, ...this.#links].slice(0, 20);
    return link.send(Lane.CONTROL, this.#ammunition.chance(0.7) ? openLine() : this.#ammunition.damaged(openLine()));
  }

  #control(): Buffer {
    const lines = [
      '{"type":"end","how":"kill"}',
      '{"type":"end"}',
      '{"type":"ended"}',
      '{"type":{}}',
      '[]',
      'null',
      '',
    ];
    const line = Buffer.from(`${this.#ammunition.pick(lines)}\n`);
    return this.#ammunition.pick([line, openLine(), this.#ammunition.damaged(openLine()), this.#ammunition.bytes(100)]);
  }

  #question(): Shot {
    const question = Buffer.from(JSON.stringify({ procxy: '0.1.0', where: { gpu: true }, version: '1.0.0' }));
    const ammunition = this.#ammunition;
    return {
      subject: `procxy.fuzz.place.${ammunition.pick(['Elsewhere', '-', 'toString', '*'])}.hostile`,
      data: ammunition.pick([question, ammunition.damaged(question), ammunition.bytes(100), Buffer.alloc(1e5, '[')]),
      reply: ammunition.pick([
        'procxy.fuzz.c.hostile.c0.q',
        'procxy.fuzz.c.honest.c.q',
        'procxy.fuzz.c.hostile.*.>',
        'x',
      ]),
    };
  }
}

function openLine(): Buffer {
  const request = { serialization: 'json', callbacks: { limit: 100 }, references: { limit: 100, automatic: true } };
  const open = { type: 'open', procxy: '0.1.0', class: 'Elsewhere', lease: 1000, callId: 1, request };
  return Buffer.from(`${JSON.stringify(open)}\n`);
}
