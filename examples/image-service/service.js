import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { ChildCrashedError, procxyPool, QueueFullError } from 'procxy';
import { ImageWorker } from './image-worker.js';

const MAX_UPLOAD = 10e6;
const RADIUS = 4;

/**
 * Serves a pool of workers by HTTP:
 *
 *     POST /blur?job=ID     takes a PNG file, and answers with a blurred one
 *     GET /progress?job=ID  tells how far that job is, as server-sent events
 *     POST /crash           ends a worker on purpose
 *
 * @param {{ workers: number, maxQueue: number }} options
 */
export async function startService({ workers, maxQueue }) {
  const pool = await procxyPool(ImageWorker, './image-worker.js', {
    size: workers,
    maxQueue,
    serialization: 'advanced',
    enableCallbacks: true,
    restart: { minDelay: 50, onRestart: () => {} },
  });
  const counts = { refused: 0, cancelled: 0, crashed: 0, repeated: 0 };
  /** @type {Map<string, import('node:http').ServerResponse>} the response that reports the progress of each job, by its id */
  const watchers = new Map();

  /** @type {Record<string, (request: Request, response: Response, job: string) => unknown>} */
  const routes = {
    'POST /blur': blur,
    'POST /crash': crash,
    'GET /progress': watch,
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const route = routes[`${request.method} ${pathname}`];
    if (!route) return answer(response, 404);
    return route(request, response, searchParams.get('job') ?? '');
  });

  /** @param {Request} request @param {Response} response @param {string} job */
  async function blur(request, response, job) {
    if (Number(request.headers['content-length'] ?? Infinity) > MAX_UPLOAD) return answer(response, 413);
    const controller = new AbortController();
    // The client may go away. A call that waits then leaves the queue, and one that runs ends soon.
    response.once('close', () => controller.abort(new Error('The client has gone.')));
    try {
      const upload = await buffer(request);
      const png = await blurOnce(upload, controller.signal, (done) => tell(job, done));
      response.setHeader('content-type', 'image/png');
      response.end(png);
    } catch (error) {
      refuse(response, error, controller.signal.aborted);
    }
  }

  /** @type {(png: Buffer, signal: AbortSignal, onProgress: (done: number) => void) => Promise<Buffer>} */
  async function blurOnce(png, signal, onProgress) {
    const calls = pool.$with({ signal });
    try {
      return await calls.blur(png, RADIUS, signal, onProgress);
    } catch (error) {
      if (!(error instanceof ChildCrashedError)) throw error;
      // Blurring changes nothing elsewhere: a second attempt is right even where the first may have run.
      counts.repeated++;
      return calls.blur(png, RADIUS, signal, onProgress);
    }
  }

  /** @param {Response} response @param {unknown} error @param {boolean} isGone */
  function refuse(response, error, isGone) {
    if (isGone) {
      counts.cancelled++;
    } else if (error instanceof QueueFullError) {
      counts.refused++;
      response.setHeader('retry-after', 1);
      answer(response, 429);
    } else if (error instanceof ChildCrashedError) {
      counts.crashed++;
      answer(response, 503);
    } else {
      // Not a PNG file, as far as the worker can tell.
      answer(response, 400);
    }
  }

  /** @param {Request} _request @param {Response} response */
  async function crash(_request, response) {
    const { instances } = await pool.$stats();
    process.kill(Number(instances[0]?.pid), 'SIGABRT');
    answer(response, 202);
  }

  /** @param {Request} _request @param {Response} response @param {string} job */
  function watch(_request, response, job) {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    watchers.set(job, response);
    response.once('close', () => watchers.delete(job));
  }

  /** @param {string} job @param {number} done */
  function tell(job, done) {
    const watcher = watchers.get(job);
    watcher?.write(`data: ${Math.round(done * 100)}\n\n`);
    if (done === 1) watcher?.end();
  }

  await new Promise((resolve) => void server.listen(0, '127.0.0.1', () => resolve(undefined)));
  return {
    url: `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`,
    pool,
    counts,
    async close() {
      server.close();
      server.closeIdleConnections();
      await pool.$drain();
    },
  };
}

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */

/** @param {Response} response @param {number} status */
function answer(response, status) {
  response.statusCode = status;
  response.end();
}
