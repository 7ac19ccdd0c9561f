import { once } from 'node:events';
import {
  createServer,
  get,
  request as openRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { PassThrough, type Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { ChildCrashedError, procxy } from 'procxy';
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

/** Not by `fetch()`, which cannot connect to anything under Wine. */
const post = (port: number): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const asked = openRequest({ port, host: '127.0.0.1', agent: false, method: 'POST' }, resolve).on('error', reject);
    asked.end('x'.repeat(BYTES));
  });

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
    const calls: Promise<unknown>[] = [];
    const port = await serve((request, response) => void calls.push(answering.echo(request, response)));
    expect((await text(await post(port))).length).toBe(BYTES);
    await within(Promise.all(calls), 'the call');
    await untilNoneOpen(answering);
  });

  test.each([
    ['an iterator', 'crash', 503],
    ['an iterator', 'throw', 400],
    ['a PassThrough', 'crash', 503],
    ['a PassThrough', 'throw', 400],
  ] as const)('a request that is passed as %s can be answered after a %s', async (kind, how, status) => {
    await using answering = await procxy(Answering, module, { ...options, restart: { onRestart: () => {} } });
    const port = await serve(async (request, response) => {
      const input =
        kind === 'an iterator' ? request.iterator({ destroyOnReturn: false }) : request.pipe(new PassThrough());
      const error = await failure(answering.failAmid(input, how));
      request.resume();
      response.writeHead(error instanceof ChildCrashedError ? 503 : 400).end();
    });
    const response = await within(post(port), 'the answer');
    expect(response.resume().statusCode).toBe(status);
  });

  test('a request that is passed itself is destroyed with its socket', async () => {
    await using answering = await procxy(Answering, module, options);
    const port = await serve(async (request, response) => {
      await failure(answering.failAmid(request, 'throw'));
      response.writeHead(400).end();
    });
    expect(await within(failure(post(port)), 'the end of the request')).toMatchObject({
      code: expect.stringMatching(/ECONNRESET|EPIPE/) as unknown,
    });
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
    // The end may overtake what was written before: then there is no response at all.
    expect(await within(failure(ask(broken).then(text)), 'the response')).toBeInstanceOf(Error);
    await untilNoneOpen(answering);
  });

  test('the child writes the response of an HTTP/2 server', async () => {
    await using answering = await procxy(Answering, module, options);
    const calls: Promise<boolean>[] = [];
    const server = http2.createServer((_request, response) => {
      calls.push(answering.answer(response as unknown as Writable, BYTES));
    });
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect((await buffer(session.request({ ':path': '/' }))).length).toBe(BYTES);
    session.close();
    expect(await within(Promise.all(calls), 'the call')).toEqual([true]);
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
