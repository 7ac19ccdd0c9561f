import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Relays between an executable and its server, and breaks their sockets on request. */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** How often open sockets were cut. */
  cuts = 0;
  bytes = 0;

  /** The n-th socket breaks after this many bytes. */
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
          // The bytes that were written before are sent first.
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

  /** The environment of an executable that connects through this relay. */
  env(env: Record<string, string>): Record<string, string> {
    const port = String((this.#server.address() as AddressInfo).port);
    return { ...env, PROCESS_PROXY_PORT: port, PROCESS_PROXY_SESSION: `1:${port}` };
  }

  /** Breaks the sockets that are open now. The reset loses undelivered bytes. */
  cut(): void {
    if (this.#sockets.size > 0) this.cuts++;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Breaks the sockets and accepts no more. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }
}
