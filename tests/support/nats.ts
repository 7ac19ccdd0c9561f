import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { hasNats, spawnNats, type NatsProgram } from './nats-program.js';

export { hasNats };

if (!hasNats) {
  const how = 'Install it to run them: apt-get install nats-server, then npx vitest run tests/remote';
  if (process.env['CI']) throw new Error(`The tests of remote hosts need nats-server. ${how}`);
  process.stderr.write(`\n!!! SKIPPED: the tests of remote hosts, since nats-server is not installed. ${how}\n\n`);
}

/** A real server of NATS on this machine. */
export class NatsServer {
  #process: NatsProgram | undefined;

  constructor(
    readonly port: number,
    readonly args: readonly string[] = [],
    readonly address = '127.0.0.1',
    readonly env: Readonly<Record<string, string>> = {},
  ) {}

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    const args = ['-a', this.address, '-p', String(this.port), ...this.args];
    this.#process = spawnNats(args, this.env);
    while (!(await accepts(this.port))) await new Promise((resolve) => setTimeout(resolve, 10));
    return this;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }
}

export async function startNats(args?: readonly string[]): Promise<NatsServer> {
  return new NatsServer(await freePort(), args).start();
}

/**
 * Two servers that form a cluster.
 * @param further arguments of each server
 */
export async function startCluster(
  address?: string,
  further: readonly (readonly string[])[] = [],
): Promise<[NatsServer, NatsServer]> {
  const [a, b, routeA, routeB] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const args = (own: number, other: number): string[] => [
    '--cluster_name=test',
    `--cluster=nats://127.0.0.1:${own}`,
    `--routes=nats://127.0.0.1:${other}`,
  ];
  return [
    await new NatsServer(a, [...args(routeA, routeB), ...(further[0] ?? [])], address).start(),
    await new NatsServer(b, [...args(routeB, routeA), ...(further[1] ?? [])], address).start(),
  ];
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.end());
  });
}
