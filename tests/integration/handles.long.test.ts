import dgram from 'node:dgram';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HandleTransferError, procxy } from 'procxy';
import { SocketHandler } from '../fixtures/seed/use-cases.js';
import { AnyReceiver, Failing, LineServer, Listener, NoReceiver, Receiver } from '../fixtures/socket-workers.js';
import { openDescriptors, until } from '../support/processes.js';
import { times } from '../support/thorough.js';

const module = '../fixtures/socket-workers.js';

async function listen(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

/** What a server answers to a line, or the error. */
function ask(port: number, line = 'hello'): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(`${line}\n`));
    socket.on('data', (chunk) => (answer += String(chunk)));
    socket.on('error', (error) => (answer = error.message));
    socket.on('close', () => resolve(answer));
  });
}

for (const serialization of ['json', 'advanced'] as const) {
  describe(`handles move, in ${serialization} mode`, () => {
    const options = { serialization, supportHandles: true } as const;
    let cleanup: (() => void)[];
    beforeEach(() => {
      cleanup = [];
    });
    afterEach(() => cleanup.forEach((close) => close()));

    function serverOf(settings: net.ServerOpts, onSocket?: (socket: net.Socket) => void): net.Server {
      const server = net.createServer(settings, onSocket);
      cleanup.push(() => server.close());
      return server;
    }

    test('a client socket that is still connecting is sent when it has connected', async () => {
      const lines: string[] = [];
      const server = serverOf({}, (socket) => {
        socket.on('data', (chunk) => lines.push(String(chunk)));
        setTimeout(() => socket.write('hi'), 200);
      });
      const port = await listen(server);
      await using handler = await procxy(SocketHandler, '../fixtures/seed/use-cases.js', options);
      const socket = new net.Socket();
      socket.connect(port, '127.0.0.1');
      await handler.$sendHandle(socket);
      await until(() => lines.length > 0, 'the child answered');
      expect(lines).toEqual(['Echo: hi']);
      await handler.closeSocket();
    });

    test('a socket that a server has accepted can be an argument of a method', async () => {
      await using handler = await procxy(SocketHandler, '../fixtures/seed/use-cases.js', options);
      let handed: Promise<void> | undefined;
      const server = serverOf({ pauseOnConnect: true }, (socket) => (handed = handler.setSocket(socket)));
      const port = await listen(server);
      const client = net.connect(port, '127.0.0.1');
      client.write('ping');
      const [answer] = (await once(client, 'data')) as [Buffer];
      expect(String(answer)).toBe('Echo: ping');
      await handed;
      client.destroy();
    });

    const rounds = times(3, 10);
    test(`${rounds * 100} sockets with data in flight: all answered, none lost, by both of two children`, async () => {
      const workers = await Promise.all([procxy(LineServer, module, options), procxy(LineServer, module, options)]);
      let next = 0;
      const failures: unknown[] = [];
      const server = serverOf({ pauseOnConnect: true }, (socket) => {
        workers[next++ % 2]?.serve(socket).catch((error: unknown) => failures.push(error));
      });
      const port = await listen(server);
      const answers: string[] = [];
      for (let round = 0; round < rounds; round++) {
        const lines = Array.from({ length: 100 }, (_, i) => `line ${round * 100 + i}`);
        answers.push(...(await Promise.all(lines.map((line) => ask(port, line)))));
      }
      const pids = await Promise.all(workers.map((worker) => worker.pid()));
      expect(failures).toEqual([]);
      expect(answers).toEqual(
        answers.map((_, i) => expect.stringMatching(new RegExp(`^\\d+:line ${i}\\n$`)) as string),
      );
      for (const pid of pids) {
        expect(answers.filter((answer) => answer.startsWith(`${pid}:`))).toHaveLength(rounds * 50);
      }
      await Promise.all(workers.map((worker) => worker.$terminate()));
    });

    test('a server is shared: two children serve one port, until each closes it', async () => {
      const server = serverOf({});
      const port = await listen(server);
      const workers = await Promise.all([procxy(LineServer, module, options), procxy(LineServer, module, options)]);
      for (const worker of workers) await worker.listen(server);
      server.close();
      const answers = await Promise.all(Array.from({ length: 200 }, () => ask(port)));
      const pids = await Promise.all(workers.map((worker) => worker.pid()));
      for (const answer of answers) expect(pids).toContain(Number(answer.split(':')[0]));
      await Promise.all(workers.map((worker) => worker.$terminate()));
    });

    test('a handle in a result, nested', async () => {
      const server = serverOf({}, (socket) => socket.end('greeting'));
      const port = await listen(server);
      await using worker = await procxy(LineServer, module, options);
      const { socket } = await worker.connect(port);
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      expect(text).toBe('greeting');
    });

    test('$sendHandle gives each kind to its method, with the id', async () => {
      await using receiver = await procxy(Receiver, module, options);
      const server = serverOf({ pauseOnConnect: true });
      const port = await listen(server);
      const client = net.connect(port, '127.0.0.1');
      const [socket] = (await once(server, 'connection')) as [net.Socket];
      await receiver.$sendHandle(socket, 'a socket');
      await receiver.$sendHandle(server, 7);
      const udp = dgram.createSocket('udp4');
      udp.bind(0, '127.0.0.1');
      await once(udp, 'listening');
      const { port: udpPort } = udp.address();
      await receiver.$sendHandle(udp, 'datagrams');
      udp.close();
      const asking = dgram.createSocket('udp4');
      asking.send('ping', udpPort, '127.0.0.1');
      const [answer] = (await once(asking, 'message')) as [Buffer];
      expect(String(answer)).toBe('pong ping');
      asking.close();
      await receiver.$refresh();
      expect(receiver.log).toEqual(['receiveSocket a socket', 'receiveServer 7', 'receiveDgramSocket datagrams']);
      client.destroy();
    });

    test('handles and other messages keep their order', async () => {
      const sockets: net.Socket[] = [];
      const server = serverOf({ pauseOnConnect: true }, (socket) => void sockets.push(socket));
      const port = await listen(server);
      await using receiver = await procxy(Receiver, module, options);
      const clients = Array.from({ length: 20 }, () => net.connect(port, '127.0.0.1'));
      await until(() => sockets.length === 20, 'all have connected');
      const calls = sockets.flatMap((socket, i) => [receiver.$sendHandle(socket, i), receiver.note(i)]);
      await Promise.all(calls);
      expect(receiver.log).toEqual(sockets.flatMap((_, i) => [`receiveSocket ${i}`, `note ${i}`]));
      for (const client of clients) client.destroy();
    });

    test.runIf(process.platform === 'linux')('the descriptor of a regular file moves', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'procxy-'));
      cleanup.push(() => rmSync(folder, { recursive: true }));
      const path = join(folder, 'file');
      writeFileSync(path, 'content');
      await using receiver = await procxy(Receiver, module, options);
      const descriptor = openSync(path, 'r+');
      await receiver.$sendHandle(descriptor, 'file');
      await receiver.$refresh();
      expect(receiver.log).toEqual(['receiveFileDescriptor file content']);
      expect(() => fstatSync(descriptor)).toThrow(/EBADF/);
      const directory = openSync(folder, 'r');
      await expect(receiver.$sendHandle(directory)).rejects.toThrow(/not a regular file/);
      closeSync(directory);
      await expect(receiver.$sendHandle(9999)).rejects.toThrow(/9999 is not an open file descriptor/);
    });

    test('$sendHandle tries receiveHandle() next, and then listeners of the handle event', async () => {
      const server = serverOf({ pauseOnConnect: true });
      const port = await listen(server);
      for (const Class of [AnyReceiver, Listener]) {
        await using receiver = await procxy<typeof AnyReceiver, typeof options>(
          Class as typeof AnyReceiver,
          module,
          options,
        );
        const client = net.connect(port, '127.0.0.1');
        const [socket] = (await once(server, 'connection')) as [net.Socket];
        await receiver.$sendHandle(socket, 'x');
        await receiver.$refresh();
        expect(receiver.received).toBe('Socket x');
        client.destroy();
      }
    });

    test('an instance that accepts no handle is an error that names the methods, and the handle is closed', async () => {
      const server = serverOf({ pauseOnConnect: true });
      const port = await listen(server);
      await using none = await procxy(NoReceiver, module, options);
      await using failing = await procxy(Failing, module, options);
      const first = net.connect(port, '127.0.0.1');
      const [socket] = (await once(server, 'connection')) as [net.Socket];
      const closed = once(first, 'close');
      await expect(none.$sendHandle(socket)).rejects.toThrow(
        /accepts no handle: it has none of the methods receiveSocket, setSocket, receiveHandle and no listener for its 'handle' event/,
      );
      await closed;
      expect(await none.ping()).toBe('pong');
      const second = net.connect(port, '127.0.0.1');
      const [other] = (await once(server, 'connection')) as [net.Socket];
      await expect(failing.$sendHandle(other)).rejects.toBeInstanceOf(RangeError);
      second.destroy();
    });

    test('a call that waits for a socket to connect keeps its timeout, its signal and its end', async () => {
      // The address is never found: what ends the call is none of the socket's doing.
      const lookup: net.LookupFunction = () => {};
      const slow = (): net.Socket => {
        const socket = net.connect({ host: 'slow', port: 1, lookup });
        socket.on('error', () => {});
        cleanup.push(() => socket.destroy());
        return socket;
      };
      const worker = await procxy(LineServer, module, options);
      const timed = worker.$with({ timeout: 50 }).serve(slow());
      const aborted = worker.$with({ signal: AbortSignal.timeout(50) }).serve(slow());
      await Promise.all([
        expect(timed).rejects.toMatchObject({ name: 'TimeoutError' }),
        expect(aborted).rejects.toMatchObject({ name: 'TimeoutError', code: DOMException.TIMEOUT_ERR }),
      ]);
      const terminated = expect(worker.serve(slow())).rejects.toMatchObject({ name: 'TerminatedError' });
      const refused = expect(worker.serve(slow())).rejects.toMatchObject({ name: 'TerminatedError' });
      await worker.$terminate();
      await Promise.all([terminated, refused]);
    });

    test('a socket in two places of a message arrives as one socket', async () => {
      const server = serverOf({ pauseOnConnect: true });
      const port = await listen(server);
      await using worker = await procxy(LineServer, module, options);
      const client = net.connect(port, '127.0.0.1');
      const [socket] = (await once(server, 'connection')) as [net.Socket];
      const same = worker.same as unknown as (...sockets: net.Socket[]) => Promise<boolean>;
      expect(await same(socket, socket)).toBe(true);
      client.destroy();
    });

    test('a handle that cannot be moved is refused, and stays', async () => {
      const server = serverOf({}, (socket) => socket.write('already'));
      const port = await listen(server);
      await using worker = await procxy(LineServer, module, options);
      const read = net.connect(port, '127.0.0.1');
      await once(read, 'data');
      const closed = net.connect(port, '127.0.0.1');
      closed.destroy();
      const cases: [handle: unknown, sentence: RegExp][] = [
        [read, /has been read from already.*pauseOnConnect/],
        [closed, /is closed/],
        [new net.Socket(), /not connected/],
        [new tls.TLSSocket(new net.Socket()), /TLS socket cannot be moved/],
        [net.createServer(), /does not listen/],
        [dgram.createSocket('udp4').unref(), /not bound/],
      ];
      for (const [handle, sentence] of cases) {
        const call = worker.serve as unknown as (handle: unknown) => Promise<void>;
        const error = await call(handle).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(HandleTransferError);
        expect((error as Error).message).toMatch(sentence);
      }
      expect(read.destroyed).toBe(false);
      read.destroy();
    });

    test('a refused call does not send its handle, and the next call does', async () => {
      const server = serverOf({ pauseOnConnect: true });
      const port = await listen(server);
      await using worker = await procxy(LineServer, module, options);
      const answer = ask(port);
      const [socket] = (await once(server, 'connection')) as [net.Socket];
      await expect(worker.both(socket, () => {})).rejects.toThrow(/args\[1\] is a function/);
      expect(socket.destroyed).toBe(false);
      await worker.serve(socket);
      expect(await answer).toMatch(/hello/);
    });

    test('reading a socket that was not delivered continues here', async () => {
      const server = serverOf({});
      const port = await listen(server);
      const doomed = await procxy(LineServer, module, options);
      const client = net.connect(port, '127.0.0.1');
      const [socket] = (await once(server, 'connection')) as [net.Socket];
      doomed.$process.kill('SIGSTOP');
      const served = expect(doomed.serve(socket)).rejects.toMatchObject({ name: 'ChildCrashedError' });
      doomed.$process.kill('SIGKILL');
      await served;
      await doomed.$exited;
      client.end('hello');
      expect(String((await once(socket, 'data'))[0])).toBe('hello');
      socket.destroy();
    });

    test('a socket that was not delivered is still its sender’s; one that was is closed there', async () => {
      const sockets: net.Socket[] = [];
      const server = serverOf({ pauseOnConnect: true }, (socket) => void sockets.push(socket));
      const port = await listen(server);
      const before = openDescriptors();
      for (let round = 0; round < times(2, 5); round++) {
        const doomed = await procxy(LineServer, module, options);
        const heir = await procxy(LineServer, module, options);
        const clients = Array.from({ length: 20 }, () => ask(port));
        await until(() => sockets.length === 20, 'all have connected');
        doomed.$process.kill('SIGKILL');
        // Dead, and this process does not know it yet.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
        for (const socket of sockets.splice(0)) {
          await doomed.serve(socket).catch(() => expect(socket.destroyed).toBe(false));
          await heir.serve(socket);
          if (!socket.destroyed) await once(socket, 'close');
        }
        const pid = await heir.pid();
        expect(await Promise.all(clients)).toEqual(Array.from({ length: 20 }, () => `${pid}:hello\n`));
        await heir.$terminate();
      }
      await until(() => openDescriptors() <= before + 1, 'all descriptors are closed');
    });
  });
}

test('without the option, a handle is refused with an error that names it', async () => {
  await using worker = await procxy(LineServer, module);
  const call = worker.serve as unknown as (handle: unknown) => Promise<void>;
  await expect(call(new net.Socket())).rejects.toThrow(/args\[0\] is a net\.Socket.*Use \{ supportHandles: true \}/);
  const send = Reflect.get(worker, '$sendHandle') as (handle: unknown) => Promise<void>;
  await expect(send(new net.Socket())).rejects.toThrow(/needs the option \{ supportHandles: true \}/);
});
