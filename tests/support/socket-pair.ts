import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes pairs of connected Unix sockets, such as a child inherits; here both ends are in this process, so that every byte can be placed. */
export class SocketPairs {
  readonly #folder = mkdtempSync(join(tmpdir(), 'procxy-pairs-'));
  readonly #server: Server = createServer().listen(join(this.#folder, 'socket'));

  /** One pair at a time. */
  async next(): Promise<{ near: Socket; far: Socket }> {
    if (!this.#server.listening) await once(this.#server, 'listening');
    const accepted = once(this.#server, 'connection') as Promise<[Socket]>;
    const far = connect(join(this.#folder, 'socket'));
    // What this end writes after the other has refused something.
    far.on('error', () => {});
    const [near] = await accepted;
    return { near, far };
  }

  close(): void {
    this.#server.close();
    rmSync(this.#folder, { recursive: true });
  }
}
