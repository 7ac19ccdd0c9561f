import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * Gives a socket away whose client resets the connection meanwhile. No process may end of that.
 * @returns what the receiver tells of its end, or the code of the error with which it was refused
 */
export async function giveAndReset(give: (socket: Socket) => Promise<unknown>): Promise<unknown> {
  const server = createServer({ pauseOnConnect: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  // As long as it is this side's, it is this side's to handle.
  socket.on('error', () => {});
  try {
    const given = give(socket);
    client.resetAndDestroy();
    return await given;
  } finally {
    server.close();
    client.destroy();
    socket.destroy();
  }
}
