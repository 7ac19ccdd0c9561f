import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { socketPath } from './socket-path.js';

/** Makes pairs of connected Unix sockets like those a child inherits. Both ends are in this process, to control every byte. */
export class SocketPairs {
  readonly #folder = mkdtempSync(join(tmpdir(), 'procxy-pairs-'));
  readonly #server: Server = createServer().listen(socketPath(this.#folder));

  readonly #ends: Socket[] = [];

  /** One pair at a time. */
  async next(): Promise<{ near: Socket; far: Socket }> {
    if (!this.#server.listening) await once(this.#server, 'listening');
    const accepted = once(this.#server, 'connection') as Promise<[Socket]>;
    const far = connect(socketPath(this.#folder));
    // An error of writing after the other end has refused something.
    far.on('error', () => {});
    const [near] = await accepted;
    this.#ends.push(near, far);
    return { near, far };
  }

  close(): void {
    this.#server.close();
    for (const end of this.#ends) end.destroy();
    rmSync(this.#folder, { recursive: true });
  }
}
