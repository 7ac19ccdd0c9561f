import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { procxy } from 'procxy';
import { Answering } from '../fixtures/answering.js';
import { failure, settings, untilNoneOpen, within } from '../support/streams.js';

const module = '../fixtures/answering.js';
/** More than every buffer on the way. */
const BYTES = 5_000_000;

const servers: { close(): void }[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function serve(listener: RequestListener): Promise<number> {
  const server: Server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const ask = (port: number): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => get({ port, host: '127.0.0.1', agent: false }, resolve).on('error', reject));

describe.each(settings)('in $serialization mode on the channel $channel', (options) => {
  test('the child writes the response of a server', async () => {
    await using answering = await procxy(Answering, module, options);
    const calls: Promise<boolean>[] = [];
    const port = await serve((_request, response) => {
      response.setHeader('x-from', 'the parent');
      calls.push(answering.answer(response, BYTES));
    });
    const response = await ask(port);
    expect(response.headers['x-from']).toBe('the parent');
    expect((await buffer(response)).length).toBe(BYTES);
    expect(await within(Promise.all(calls), 'the call')).toEqual([true]);
    await untilNoneOpen(answering);
  });

  test('the child reads a request and writes its response', async () => {
    await using answering = await procxy(Answering, module, options);
    const port = await serve((request, response) => void answering.echo(request, response));
    const response = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: 'x'.repeat(BYTES) });
    expect((await response.text()).length).toBe(BYTES);
    await untilNoneOpen(answering);
  });

  test('a client that disconnects ends the writing, and a child that breaks off ends the response', async () => {
    await using answering = await procxy(Answering, module, options);
    let ended: Promise<unknown> | undefined;
    const port = await serve((_request, response) => void (ended ??= answering.answerForEver(response)));
    const response = await ask(port);
    await once(response, 'data');
    response.on('error', () => {}).destroy();
    expect(await within(ended as Promise<unknown>, 'the call')).toBe('Error');

    const broken = await serve((_request, given) => void answering.breakOff(given));
    expect(await within(failure(text(await ask(broken))), 'the response')).toBeInstanceOf(Error);
    await untilNoneOpen(answering);
  });

  test('the child writes the response of an HTTP/2 server', async () => {
    await using answering = await procxy(Answering, module, options);
    const server = http2.createServer((_request, response) => {
      void answering.answer(response as unknown as Writable, BYTES);
    });
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect((await buffer(session.request({ ':path': '/' }))).length).toBe(BYTES);
    session.close();
    await untilNoneOpen(answering);
  });

  test('a request that the child makes is a Writable of the parent', async () => {
    await using answering = await procxy(Answering, module, options);
    const received = new Promise<string>((resolve) => {
      void serve((request, response) => {
        void text(request).then(resolve);
        response.end();
      }).then(async (port) => (await answering.post(port)).end('from the parent'));
    });
    expect(await within(received, 'the request')).toBe('from the parent');
    await untilNoneOpen(answering);
  });
});
