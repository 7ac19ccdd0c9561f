import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { procxy } from 'procxy';
import { SocketsAndTexts } from '../fixtures/sockets-and-texts.js';
import { collect, modes } from '../support/streams.js';

const module = '../fixtures/sockets-and-texts.js';

test.each(modes)(
  'a handle in transit is not lost when data arrives on the data socket meanwhile, in %s mode',
  async (serialization) => {
    const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await using proxy = await procxy(SocketsAndTexts, module, { serialization, supportHandles: true });
    const { port } = server.address() as net.AddressInfo;
    const texts = collect((await proxy.texts(5_000)) as unknown as AsyncIterable<string>);
    for (let n = 0; n < 15; n++) {
      const socket = await proxy.socket(port);
      expect(socket).toBeInstanceOf(net.Socket);
      socket.destroy();
    }
    expect(await texts).toHaveLength(5_000);
    server.close();
  },
);
