import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** The way from one process to the servers of NATS. When it is pulled, nothing comes through, and neither side is told. */
export interface Cable {
  /** What stands before a command, so that it runs at the far end. */
  readonly prefix: readonly string[];
  /** The addresses of the servers as the far end sees them. */
  readonly urls: readonly string[];
  pull(): void;
  plug(): void;
  close(): Promise<void>;
}

const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });

/** Whether this process may make network namespaces: it needs Linux, `ip` and to be root. */
export const hasNamespaces = ((): boolean => {
  const name = `procxy-probe-${process.pid}`;
  if (spawnSync('ip', ['netns', 'add', name]).status !== 0) return false;
  const pair = ['link', 'add', `pp${process.pid}`, 'type', 'veth', 'peer', 'name', `pq${process.pid}`, 'netns', name];
  const isMade = spawnSync('ip', pair).status === 0;
  // Its cards go with it.
  ip('netns', 'del', name);
  return isMade;
})();

/** @param ports of servers that listen to all addresses */
export function layCable(ports: readonly number[]): Promise<Cable> {
  return hasNamespaces ? Promise.resolve(new VirtualCable(ports)) : ProxyCable.lay(ports);
}

let laid = 0;

/** A pair of virtual network cards, one of them in a network namespace of its own. */
class VirtualCable implements Cable {
  readonly prefix: readonly string[];
  readonly urls: readonly string[];
  readonly #name: string;
  readonly #near: string;

  constructor(ports: readonly number[]) {
    const count = ++laid;
    this.#name = `procxy-${process.pid}-${count}`;
    this.#near = `px${process.pid}n${count}`;
    const far = `px${process.pid}f${count}`;
    // Of the range for benchmarks, which no real network uses.
    const net = `198.18.${process.pid % 250}.${(count * 4) % 250}`.split('.').map(Number);
    const address = (host: number): string => [...net.slice(0, 3), (net[3] ?? 0) + host].join('.');
    ip('netns', 'add', this.#name);
    ip('link', 'add', this.#near, 'type', 'veth', 'peer', 'name', far, 'netns', this.#name);
    ip('addr', 'add', `${address(1)}/30`, 'dev', this.#near);
    ip('link', 'set', this.#near, 'up');
    ip('-n', this.#name, 'addr', 'add', `${address(2)}/30`, 'dev', far);
    ip('-n', this.#name, 'link', 'set', far, 'up');
    ip('-n', this.#name, 'link', 'set', 'lo', 'up');
    this.prefix = ['ip', 'netns', 'exec', this.#name];
    this.urls = ports.map((port) => `nats://${address(1)}:${port}`);
  }

  pull(): void {
    ip('link', 'set', this.#near, 'down');
  }

  plug(): void {
    ip('link', 'set', this.#near, 'up');
  }

  async close(): Promise<void> {
    ip('netns', 'del', this.#name);
  }
}

/** Stands in for a cable where no namespaces can be made: a proxy for each server, which keeps all bytes while it is pulled. */
export class ProxyCable implements Cable {
  readonly prefix = [];
  readonly urls: string[] = [];
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** Sockets whose other side has closed while the cable was pulled. */
  readonly #orphans = new Set<Socket>();
  #isPulled = false;

  static async lay(ports: readonly number[]): Promise<ProxyCable> {
    const cable = new ProxyCable();
    for (const port of ports) {
      const server = createServer((near) => cable.#join(near, connect(port, '127.0.0.1')));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      cable.#servers.push(server);
      cable.urls.push(`nats://127.0.0.1:${(server.address() as AddressInfo).port}`);
    }
    return cable;
  }

  pull(): void {
    this.#isPulled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  plug(): void {
    this.#isPulled = false;
    for (const socket of this.#orphans) socket.destroy();
    this.#orphans.clear();
    for (const socket of this.#sockets) socket.resume();
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (chunk: Buffer) => void to.write(chunk));
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        if (this.#isPulled) this.#orphans.add(to);
        else to.destroy();
      });
      if (this.#isPulled) from.pause();
    }
  }
}
