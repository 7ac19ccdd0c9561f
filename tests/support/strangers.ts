import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import type { ProcessProxyConnection, ProcessProxyServer } from 'procxy/process-proxy';
import { expect } from 'vitest';
import { connect, nextConnection } from './process-proxy.js';

/** Raw sockets to a server of executables. */

export const SESSION = 'ProcessProxy 0003 ';

/** Connects a socket that does not belong to an executable. */
export async function stranger(server: ProcessProxyServer, bytes: Buffer | string = ''): Promise<Socket> {
  const socket = connectSocket(server.getPort(), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  if (bytes.length > 0) socket.write(bytes);
  return socket;
}

/** Connects a socket that sends the hello of an executable, and waits until the server accepts it. */
export async function impostor(
  server: ProcessProxyServer,
  bytes: Buffer,
): Promise<{ socket: Socket; connection: ProcessProxyConnection; errors: unknown[] }> {
  const connected = nextConnection(server);
  const socket = await stranger(server, bytes);
  const connection = await connected;
  const errors: unknown[] = [];
  connection.on('error', (error: unknown) => errors.push(error));
  return { socket, connection, errors };
}

export async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => void socket.once('close', resolve));
}

export function hello(token: string, magic = 'ProcessProxy 0002 '): Buffer {
  return Buffer.concat([
    Buffer.from(magic),
    Buffer.from(token.padEnd(128, '\0')),
    Buffer.alloc(magic === SESSION ? 29 : 0),
  ]);
}

/** Checks that the server still serves a real executable. */
export async function expectService(server: ProcessProxyServer): Promise<void> {
  const { connection, ended } = await connect(server);
  await connection.exit(11);
  expect((await ended).code).toBe(11);
}
