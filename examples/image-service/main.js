/**
 * An HTTP service that blurs pictures in a pool of processes. It is put under load: more clients than it can serve, clients that go
 * away, and a worker that crashes. Those who cannot be served are told so at once, and the others get their pictures.
 *
 *     node examples/image-service/main.js          20 clients send 300 pictures
 *     node examples/image-service/main.js 1000     1000 pictures
 */
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { drawPicture } from '../image/picture.js';
import { printTable } from '../table.js';
import { startService } from './service.js';

const PICTURES = Number(process.argv[2] ?? 300);
const WORKERS = 2;
const CLIENTS = 20;
const MAX_QUEUE = 8;
/** Clients that go away before they are answered. */
const IMPATIENT = 10;

const service = await startService({ workers: WORKERS, maxQueue: MAX_QUEUE });
const { url, pool, counts } = service;
const picture = drawPicture(160, 100);
const before = (await pool.$stats()).instances.map(({ pid }) => pid);

const progress = await watchOne();
const load = autocannon({
  url: `${url}/blur`,
  method: 'POST',
  body: picture,
  connections: CLIENTS,
  amount: PICTURES,
  timeout: 60,
});
const gone = goAway();
// The workers are busy now.
await sleep(100);
await fetch(`${url}/crash`, { method: 'POST' });
const { statusCodeStats = {}, latency } = await load;
await gone;
const afterwards = await fetch(`${url}/blur`, { method: 'POST', body: picture });
const { restarts, running, waiting, instances } = await pool.$stats();
await service.close();

const statuses = Object.entries(statusCodeStats).map(([status, { count = 0 }]) => [
  `answered ${status}`,
  String(count),
]);
printTable([
  ...statuses,
  ['latency of all answers, 50 %', `${latency.p50} ms`],
  ['latency of all answers, 99 %', `${latency.p99} ms`],
  ['clients that went away', String(IMPATIENT)],
  ['calls cancelled for them', String(counts.cancelled)],
  ['workers that crashed', String(restarts)],
  ['pictures begun again for that', String(counts.repeated)],
  ['reports of progress of one picture', progress.join(' ')],
  ['workers that are the same as before', String(instances.filter(({ pid }) => before.includes(pid)).length)],
  ['calls left over', String(running + waiting)],
  ['status of a picture afterwards', String(afterwards.status)],
]);

/** Blurs one picture, and returns the shares that the service has reported meanwhile, in percent. */
async function watchOne() {
  const reports = await fetch(`${url}/progress?job=first`);
  const blurred = await fetch(`${url}/blur?job=first`, { method: 'POST', body: picture });
  if (!blurred.ok) throw new Error(`The first picture was answered ${blurred.status}.`);
  return [...(await reports.text()).matchAll(/^data: (\d+)$/gm)].map(([, percent]) => percent);
}

/** Sends pictures and goes away, one after the other. */
async function goAway() {
  for (let n = 0; n < IMPATIENT; n++) {
    const controller = new AbortController();
    const request = fetch(`${url}/blur`, { method: 'POST', body: picture, signal: controller.signal });
    await sleep(30);
    controller.abort();
    await request.catch(() => {});
  }
}
