import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between an executable and its server, and breaks their sockets when it is told to. */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** How many sockets were cut that carried something. */
  cuts = 0;
  bytes = 0;

  /** The first sockets break after so many bytes, one after the other. */
  limits: number[] = [];

  private constructor(target: number) {
    this.#server = createServer({ noDelay: true }, (near) => {
      const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
      let left = this.limits.shift() ?? Infinity;
      if (left === 0) near.resetAndDestroy();
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (chunk: Buffer) => {
          this.bytes += chunk.length;
          if (!to.write(chunk.subarray(0, left))) from.pause();
          left -= chunk.length;
          // What was written before goes out first.
          if (left <= 0) setImmediate(() => near.resetAndDestroy());
        });
        to.on('drain', () => from.resume());
        from.on('error', () => {});
        from.on('end', () => to.end());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
  }

  static async to(port: number): Promise<Relay> {
    const relay = new Relay(port);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  /** The environment that leads by way of this. */
  env(env: Record<string, string>): Record<string, string> {
    const port = String((this.#server.address() as AddressInfo).port);
    return { ...env, PROCESS_PROXY_PORT: port, PROCESS_PROXY_SESSION: `1:${port}` };
  }

  /** Breaks what is connected now; with a reset, what has not been delivered is lost. */
  cut(): void {
    if (this.#sockets.size > 0) this.cuts++;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Lets nobody through any more. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }
}
