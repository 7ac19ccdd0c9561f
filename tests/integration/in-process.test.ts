import { EventEmitter, once } from 'node:events';
import net from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { procxy, PropertyError, TerminatedError, TimeoutError } from 'procxy';
import { runScript } from '../support/scripts.js';

class Shop extends EventEmitter {
  static opened = 0;
  sold = 0;

  constructor(readonly name = 'corner shop') {
    super();
    Shop.opened++;
  }

  sell(count: number): number {
    this.sold += count;
    this.emit('sold', count);
    return this.sold;
  }

  where(): { pid: number; cwd: string; mode: string | undefined } {
    return { pid: process.pid, cwd: process.cwd(), mode: process.env['MODE_OF_NOBODY'] };
  }

  async take(socket: net.Socket): Promise<string> {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.end('thanks');
    return String(chunk);
  }

  wait(): Promise<void> {
    return new Promise(() => {});
  }

  itself(): this {
    return this;
  }
}

const inProcess = true;

describe('inProcess', () => {
  test('uses the class that was passed, wherever it is defined, and imports nothing', async () => {
    const opened = Shop.opened;
    await using shop = await procxy(Shop, './no-such-module.js', { inProcess }, 'bakery');
    expect(Shop.opened).toBe(opened + 1);
    const sold: unknown[] = [];
    shop.on('sold', (count: number) => sold.push(count));
    expect(await shop.sell(2)).toBe(2);
    expect([shop.sold, shop.name, sold]).toEqual([2, 'bakery', [2]]);
    expect(await shop.itself()).toBe(shop);
    expect(shop).toBeInstanceOf(Shop);
  });

  test('has no process, and options for one are checked and ignored', async () => {
    await using shop = await procxy(Shop, {
      inProcess,
      agent: './no-such-agent.py',
      args: ['x'],
      busyPoll: 50,
      channel: 'socket',
      cwd: '/no/such/folder',
      env: { MODE_OF_NOBODY: 'set' },
      execArgv: ['--no-such-flag'],
      execPath: '/no/such/node',
      heartbeat: { limit: 100, interval: 20 },
      permissions: { read: [] },
      resourceLimits: { maxOldGenerationSizeMb: 1 },
      stdio: 'pipe',
      supportHandles: true,
    });
    expect(await shop.where()).toEqual({ pid: process.pid, cwd: process.cwd(), mode: undefined });
    expect(shop.$process).toBeUndefined();
    expect(shop.$blockedFor).toBeLessThan(100);
    expect(inspect(shop)).toMatch(`Procxy<Shop> (running, pid ${process.pid})`);
    await procxy.warm(1, { inProcess });
    await expect(procxy(Shop, { inProcess, stdio: 'nowhere' as never })).rejects.toThrow(/`stdio` must be/);
  });

  test('refuses values that could not reach a child, and calls that a child would refuse', async () => {
    await using shop = await procxy(Shop, { inProcess });
    const untyped = shop as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    await expect(untyped['sell']?.(1n)).rejects.toThrow('sell(): args[0] is a BigInt');
    await expect(untyped['sell']?.(() => {})).rejects.toThrow(/enableCallbacks/);
    expect(() => ((shop as { sold: number }).sold = 3)).toThrow(PropertyError);
    await expect(shop.$with({ timeout: 20 }).wait()).rejects.toThrow(TimeoutError);
    await expect(shop.$with({ signal: AbortSignal.abort('no') }).wait()).rejects.toBe('no');
  });

  test('ends by $terminate() like a process that exits, and by a signal', async () => {
    const shop = await procxy(Shop, { inProcess });
    const waiting = expect(shop.wait()).rejects.toThrow(TerminatedError);
    await shop.$terminate();
    await waiting;
    expect(await shop.$exited).toEqual({ code: 0, signal: null });
    expect(inspect(shop)).toMatch('(ended,');

    const controller = new AbortController();
    const other = await procxy(Shop, { inProcess, signal: controller.signal });
    controller.abort();
    expect(await other.$exited).toEqual({ code: 0, signal: null });
    await expect(other.sell(1)).rejects.toThrow(TerminatedError);
  });

  test('a constructor that fails rejects as in a child', async () => {
    class Failing {
      constructor() {
        throw new RangeError('no room');
      }
    }
    await expect(procxy(Failing, { inProcess })).rejects.toThrow(RangeError);
  });

  test('a socket arrives as itself, read when the method listens, paused or not', async () => {
    await using shop = await procxy(Shop, { inProcess, supportHandles: true });
    for (const pauseOnConnect of [true, false]) {
      const server = net.createServer({ pauseOnConnect }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
      client.write('bread');
      const [socket] = (await once(server, 'connection')) as [net.Socket];
      const answered = once(client, 'data');
      expect(await shop.take(socket)).toBe('bread');
      expect(String((await answered)[0])).toBe('thanks');
      client.destroy();
      server.close();
    }
  });
});

/** Programs with an instance in their own process. */
const program = (body: string): string => `
  class Own {
    listeners = 0;
    on() { this.listeners++; } off() { this.listeners--; } emit() {}
    soon() { return new Promise((resolve) => setTimeout(resolve, 50, 'done').unref()); }
    fail() { setTimeout(() => { throw new Error('of the instance'); }, 1); }
  }
  const own = await procxy(Own, { inProcess: true });
  ${body}
`;

describe('a program with an instance in its own process', () => {
  test('ends while the proxy is idle', async () => {
    expect(await runScript(program("await own.soon(); console.log('idle');"))).toMatchObject({
      code: 0,
      stdout: 'idle\n',
    });
  });

  test('waits for a pending call, even if nothing else keeps it alive', async () => {
    expect(await runScript(program('console.log(await own.soon());'))).toMatchObject({ code: 0, stdout: 'done\n' });
  });

  test('gets the instance’s uncaught errors', async () => {
    const caught = "process.on('uncaughtException', (error) => console.log('caught', error.message));";
    const { stdout, code } = await runScript(program(`${caught} await own.fail(); await own.soon();`));
    expect([stdout, code]).toEqual(['caught of the instance\n', 0]);
    const { stderr, code: failed } = await runScript(program('await own.fail(); await own.soon();'));
    expect(stderr).toContain('of the instance');
    expect(failed).toBe(1);
  });
});
