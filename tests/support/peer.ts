import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { HostStats } from '../../dist/remote.js';
import type { Cable } from './cable.js';

/** How a call of a client has settled. */
export interface Settled {
  entry: string;
  /** `'unknown'`: the error does not say whether the method ran. */
  outcome: 'fulfilled' | 'no' | 'maybe' | 'unknown';
  error?: string;
  /** How long it took, without the time in which the client did not run. Only for calls that wait in no queue. */
  ms?: number;
}

/** A host or a client: a process at the end of a cable. */
export class Peer {
  readonly name: string;
  readonly cable: Cable;
  readonly settled: Settled[] = [];
  #process!: ChildProcess;

  constructor(name: string, cable: Cable) {
    this.name = name;
    this.cable = cable;
  }

  /** Resolves when it is ready. */
  async start(kind: 'host' | 'client' | 'reader', options: object): Promise<this> {
    const program = fileURLToPath(new URL(`../fixtures/remote/chaos-${kind}.js`, import.meta.url));
    const given = { servers: this.cable.urls, nats: { ignoreClusterUpdates: true }, ...options };
    const [command = '', ...args] = [...this.cable.prefix, process.execPath, program, JSON.stringify(given)];
    // Its output tells of a failure that nothing else would.
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    this.#process = spawn(command, args, { stdio: [...stdio] });
    await once(this.#process, 'message');
    this.#process.on('message', (message: Settled) => void this.settled.push(message));
    return this;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async kill(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  send(message: string): void {
    this.#process.send(message);
  }

  /** Asks it to end, which it must do by itself. */
  async end(): Promise<unknown> {
    const ended = once(this.#process, 'exit');
    this.#process.send('end');
    const [code, signal] = await ended;
    return code ?? signal;
  }

  async stats(): Promise<HostStats> {
    const answer = once(this.#process, 'message');
    this.#process.send('stats');
    const [stats] = await answer;
    this.settled.pop();
    return stats as HostStats;
  }
}
