import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectNats, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { procxy } from 'procxy';
import { connect, serve, type Cluster } from 'procxy/remote';
import { decodeFrame, Lane } from '../../src/remote/link/frame.js';
import { Elsewhere } from '../fixtures/elsewhere.js';
import { startNats } from '../support/nats.js';
import { seeded } from '../support/seeded.js';
import { fingerprint, memoryInUse, noteEscapes } from './escapes.js';
import { publish } from './fuzz-host.js';
import { Ammunition, HostileLink, type Shot } from './hostile-link.js';

/** Frames that a hostile host sends to one instance. */
const FRAMES = 150;
/** ms after which a client has given up a host, and every call has settled. */
const LEASE = 1000;
const SETTLED = 30_000;
/** Bytes by which the heap and buffers of the client may grow. */
const MEMORY = 300_000_000;

export interface ClientReport {
  instances: number;
  /** How many of them the hostile host has let start. */
  made: number;
  frames: number;
  /** Calls of an instance on an honest host that were answered meanwhile. */
  calls: number;
  /** Why instances could not be made, or have ended, with how often each was seen. */
  reasons: Map<string, number>;
  memory: number;
}

/**
 * Makes instances on a hostile host, which answers as a host does, or with anything else. The same client uses an honest host.
 * @throws if anything escapes, a call stays open, the memory grows without bound, or the honest instance suffers
 */
export async function fuzzClient(instances: number, seed: number): Promise<ClientReport> {
  const nats = await startNats();
  const module = new URL('../fixtures/elsewhere.js', import.meta.url);
  const network = { servers: nats.url, namespace: 'fuzz' };
  const honest = await serve({ ...network, classes: { Elsewhere: { module } }, log: () => {} });
  const cluster = await connect({ ...network, lease: { host: LEASE } });
  const stranger = await connectNats({ servers: nats.url });
  const escapes = noteEscapes();
  const report: ClientReport = { instances: 0, made: 0, frames: 0, calls: 0, reasons: new Map(), memory: 0 };
  try {
    await using beside = await procxy(Elsewhere, { host: cluster });
    const evil = new HostileHost(stranger, seed);
    const pristine = fingerprint();
    const before = memoryInUse();
    while (report.instances < instances) {
      const batch = Array.from({ length: 10 }, () => useVictim(cluster, report));
      const settled = await Promise.race([Promise.all(batch), sleep(SETTLED, 'late', { ref: false })]);
      if (settled === 'late') throw new Error('Calls of an instance on the hostile host have not settled.');
      if ((await beside.echo(report.calls)) !== report.calls++)
        throw new Error('An honest instance answers another call.');
      escapes.check();
      if (fingerprint() !== pristine) throw new Error('A global was changed.');
      report.memory = Math.max(report.memory, memoryInUse() - before);
      if (report.memory > MEMORY) throw new Error(`The client has grown by ${report.memory} bytes.`);
    }
    report.frames = evil.frames;
  } catch (error) {
    throw new Error(`The client was harmed, with the seed ${seed}.`, { cause: error });
  } finally {
    await stranger.close();
    await cluster.close();
    await honest.close();
    await nats.kill();
    escapes.stop();
  }
  return report;
}

/** Makes an instance on the hostile host, and calls it. Resolves when everything has settled. */
async function useVictim(cluster: Cluster, report: ClientReport): Promise<void> {
  report.instances++;
  const options = { enableCallbacks: true, enableReferences: true, startTimeout: 2000, timeout: 2000 } as const;
  const note = (error: unknown): void => {
    const reason = String(error)
      .replace(/: \w+\(\):/, ':')
      .replaceAll(/[0-9a-f]{8}-\S+|[0-9a-f]{8,}|\d+|'[^']*'|x+$/g, '…')
      .slice(0, 90);
    report.reasons.set(reason, (report.reasons.get(reason) ?? 0) + 1);
  };
  try {
    const victim = await procxy(Elsewhere, { host: { cluster, name: 'Victim' }, ...options });
    report.made++;
    victim.on('mapped', () => {});
    const calls = [victim.echo(1), victim.map([1, 2], (n: number) => n), victim.holder(), victim.adder(1)];
    await Promise.all(calls.map((call) => call.catch(note)));
    await victim.$terminate();
  } catch (error) {
    note(error);
  }
}

/** Answers as a host does, with luck. */
class HostileHost {
  frames = 0;
  readonly #connection: NatsConnection;
  readonly #ammunition: Ammunition;
  readonly #past: Shot[] = [];
  /** By the subject of the client. */
  readonly #links = new Map<string, HostileLink | 'attacked'>();

  constructor(connection: NatsConnection, seed: number) {
    this.#connection = connection;
    this.#ammunition = new Ammunition('parent', seed, seeded(seed));
    connection.subscribe('procxy.fuzz.place.Victim.*', { callback: (_error, question) => this.#offer(question) });
    connection.subscribe('procxy.fuzz.h.evil.>', { callback: (_error, message) => this.#hear(message) });
  }

  #offer({ reply = '' }: Msg): void {
    const figures = { instances: 0, limit: 1e9, started: 0, kept: 0, rss: 0, cpu: 0 };
    const about = { pid: 1, procxy: '0.1.0', state: 'running', labels: {}, classes: {} };
    const stats = { id: 'evil', machine: 'm', ...about, ...figures };
    const offer = Buffer.from(JSON.stringify({ stats, stamp: 1 }));
    const many = (): Buffer[] =>
      Array.from({ length: 300 }, (_none, n) =>
        Buffer.from(JSON.stringify({ stats: { ...stats, id: `e${n}`, limit: 1 }, stamp: 1 })),
      );
    const ammunition = this.#ammunition;
    const answers = ammunition.chance(0.9)
      ? [offer]
      : [...many(), ammunition.damaged(offer), ammunition.bytes(100), offer];
    for (const data of answers) this.#fire({ subject: reply, data });
  }

  /** Starts an instance when the first frame of a link arrives, answers what makes it, and then attacks; or attacks at once. */
  #hear({ subject, reply = '', data }: Msg): void {
    // The server of NATS says that nobody was there.
    if (data.length === 0) return;
    const frame = decodeFrame(Buffer.from(data));
    const begun = this.#links.get(reply);
    if (frame.closes || begun === 'attacked') return;
    const isPolite = begun !== undefined || this.#ammunition.chance(0.8);
    const link = begun ?? new HostileLink(reply, subject, this.#ammunition, this.#past);
    if (isPolite && !begun) {
      this.#links.set(reply, link);
      return this.#fire(link.send(Lane.CONTROL, line({ type: 'opened', pid: 1, machine: 'm' })));
    }
    // The client has not asked for anything yet.
    if (isPolite && frame.lane !== Lane.MESSAGES) return;
    this.#links.set(reply, 'attacked');
    for (const answer of isPolite ? birth : []) this.#fire(link.send(Lane.MESSAGES, line(answer)));
    for (let n = this.#ammunition.below(FRAMES); n >= 0; n--) this.#fire(link.next(() => this.#control()));
  }

  #control(): Buffer {
    const ammunition = this.#ammunition;
    const messages = [
      { type: 'opened', pid: ammunition.number(), machine: '' },
      { type: 'draining' },
      { type: 'refused', reason: 'x'.repeat(ammunition.below(1000)) },
      { type: 'ended', code: null, signal: 'SIGKILL', reason: 'over', stderr: 'none' },
      { type: 'open' },
      [],
    ].map(line);
    return ammunition.chance(0.5) ? ammunition.pick(messages) : ammunition.damaged(ammunition.pick(messages));
  }

  #fire(shot: Shot): void {
    this.frames++;
    publish(this.#connection, shot);
  }
}

function line(message: object): Buffer {
  return Buffer.from(`${JSON.stringify(message)}\n`);
}

/** What an agent answers when a class is loaded, and an instance of it made. */
const birth = [
  { type: 'call-result', callId: 1, result: 'success', value: { batches: true } },
  {
    type: 'call-result',
    callId: 2,
    result: 'success',
    value: {
      methods: ['echo', 'map', 'holder', 'adder'],
      unmirrored: [],
      disposable: false,
      emitter: true,
      symbols: [],
    },
  },
];
