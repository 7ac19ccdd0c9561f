/**
 * Lets tests on Windows use `nats-server`, which is installed for Linux: Wine's programs reach it on 127.0.0.1. Each connection starts
 * one server. Its lines are the arguments and the environment as JSON, and then names of signals. The answer is how the server ended.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface NatsDoor {
  port: number;
  /** Ends all servers that were started. */
  close(): void;
}

export async function openNatsDoor(): Promise<NatsDoor> {
  const connections = new Set<Socket>();
  const door = createServer((socket) => {
    connections.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => connections.delete(socket));
    serveOne(socket);
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const close = (): void => {
    door.close();
    for (const socket of connections) socket.destroy();
  };
  return { port: (door.address() as AddressInfo).port, close };
}

function serveOne(socket: Socket): void {
  const lines = createInterface(socket);
  lines.once('line', (line) => {
    const { args, env } = JSON.parse(line) as { args: string[]; env: Record<string, string> };
    const paths = Object.entries(env).map(([name, value]) => [name, fromWindows(value)]);
    const server = spawn('nats-server', args.map(fromWindows), {
      env: { ...process.env, ...Object.fromEntries(paths) },
      stdio: 'ignore',
    });
    lines.on('line', (signal) => server.kill(signal as NodeJS.Signals));
    socket.once('close', () => server.kill('SIGKILL'));
    server.once('error', (error) => socket.destroy(error));
    server.once('exit', (code, signal) => socket.end(`${JSON.stringify([code, signal])}\n`));
  });
}

/** Wine shows the root of the file system as drive Z. */
function fromWindows(text: string): string {
  return /^Z:[\\/]/i.test(text) ? text.slice(2).replaceAll('\\', '/') : text;
}
