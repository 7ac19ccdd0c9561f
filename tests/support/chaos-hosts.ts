import { setTimeout as sleep } from 'node:timers/promises';
import { layCable, type Cable } from './cable.js';
import { markedProcesses, signalTo } from './marked-processes.js';
import { freePort, startCluster, type NatsServer } from './nats.js';
import { Peer } from './peer.js';

const lease = { host: 3000, client: 5000 };

/** ms for which an instance is stopped, at most. Its host lives meanwhile, and no lease runs. */
const MOST_STOPPED = 1000;

/** ms after which a call has settled that waits in no queue: its instance may be stopped, and then its host be lost. */
export const LONGEST_CALL = MOST_STOPPED + lease.host;

/** Servers, hosts and clients, and what can befall them. Faults heal by themselves. */
export class ChaosHosts {
  readonly mark = `procxy-chaos-${process.pid}-${Date.now()}`;
  readonly hosts: Peer[] = [];
  /** Those that live, and those that were killed. */
  readonly clients: Peer[] = [];
  readonly killed: Peer[] = [];
  servers!: readonly [NatsServer, NatsServer];
  monitors!: readonly [number, number];
  readonly #folder: string;
  readonly #random: () => number;
  /** What has a fault now, and is left alone until it has healed. */
  readonly #busy = new Set<unknown>();
  readonly #cables: Cable[] = [];
  #names = 0;

  constructor(folder: string, random: () => number) {
    this.#folder = folder;
    this.#random = random;
  }

  async start(): Promise<void> {
    this.monitors = [await freePort(), await freePort()];
    this.servers = await startCluster(
      '0.0.0.0',
      this.monitors.map((port) => ['-m', String(port)]),
    );
    await Promise.all([this.#startHost(), this.#startHost()]);
    await Promise.all([this.#startClient(), this.#startClient()]);
  }

  async #cable(): Promise<Cable> {
    const cable = await layCable(this.servers.map(({ port }) => port));
    this.#cables.push(cable);
    return cable;
  }

  async #startHost(cable?: Cable): Promise<void> {
    const peer = new Peer(`host ${++this.#names}`, cable ?? (await this.#cable()));
    this.hosts.push(
      await peer.start('host', { namespace: 'chaos', lease, mark: this.mark, limits: { instances: 12 } }),
    );
  }

  async #startClient(cable?: Cable): Promise<void> {
    const name = `client-${++this.#names}`;
    const peer = new Peer(name, cable ?? (await this.#cable()));
    this.clients.push(
      await peer.start('client', { namespace: 'chaos', lease, client: name, name, folder: this.#folder }),
    );
  }

  /** The faults by name. Each resolves when it has healed, and at once if there is nothing to befall. */
  readonly faults: Readonly<Record<string, () => Promise<void>>> = {
    'a host is killed': () => this.#befall(this.hosts, (host) => this.#replace(this.hosts, host)),
    'a host is stopped': () => this.#befall(this.hosts, (host) => this.#stop(host)),
    'the cable of a host is pulled': () => this.#befall(this.hosts, ({ cable }) => this.#cut(cable)),
    'a client is killed': () => this.#befall(this.clients, (client) => this.#replace(this.clients, client)),
    'a client is stopped': () => this.#befall(this.clients, (client) => this.#stop(client)),
    'the cable of a client is pulled': () => this.#befall(this.clients, ({ cable }) => this.#cut(cable)),
    'a server is killed': () =>
      this.#befall(this.servers, async (server) => {
        await server.kill();
        await this.#while(100, 500);
        await server.start();
      }),
    'a server is stopped': () => this.#befall(this.servers, (server) => this.#stop(server)),
    'an instance is killed': () => this.#befall(this.instances(), async (pid) => signalTo(pid, 'SIGKILL')),
    'an instance is stopped': () =>
      this.#befall(this.instances(), async (pid) => {
        signalTo(pid, 'SIGSTOP');
        await this.#while(200, MOST_STOPPED);
        signalTo(pid, 'SIGCONT');
      }),
  };

  /** The processes of instances that run. */
  instances(): number[] {
    return markedProcesses(this.mark);
  }

  /** Ends everything that is left, after a test that has failed too. */
  async clear(): Promise<void> {
    for (const peer of [...this.hosts, ...this.clients]) peer.signal('SIGKILL');
    for (const pid of this.instances()) signalTo(pid, 'SIGKILL');
    await Promise.all(this.servers.map((server) => server.kill()));
    await Promise.all(this.#cables.map((cable) => cable.close()));
  }

  async #befall<T>(all: readonly T[], fault: (one: T) => Promise<void>): Promise<void> {
    const idle = all.filter((one) => !this.#busy.has(one));
    const one = idle[Math.floor(this.#random() * idle.length)];
    if (one === undefined) return;
    this.#busy.add(one);
    await fault(one);
    this.#busy.delete(one);
  }

  async #replace(peers: Peer[], peer: Peer): Promise<void> {
    await peer.kill();
    peers.splice(peers.indexOf(peer), 1);
    this.killed.push(peer);
    await this.#while(100, 1000);
    await (peers === this.hosts ? this.#startHost(peer.cable) : this.#startClient(peer.cable));
  }

  async #stop(process: { signal(signal: NodeJS.Signals): void }): Promise<void> {
    process.signal('SIGSTOP');
    await this.#while(200, 2 * lease.host);
    process.signal('SIGCONT');
  }

  async #cut(cable: Cable): Promise<void> {
    cable.pull();
    await this.#while(200, 2 * lease.host);
    cable.plug();
  }

  #while(least: number, most: number): Promise<void> {
    return sleep(least + this.#random() * (most - least));
  }
}
