/**
 * An image service that is spread over two hosts, with a server of NATS between them and this client: TLS, passwords, and permissions
 * for each role. One host is killed in the middle of the work. What it was blurring is blurred again on the other one, and nothing is
 * lost. Then the host comes back, and both are drained. It needs the programs nats-server and openssl.
 *
 *     node examples/cluster/main.js        200 pictures
 *     node examples/cluster/main.js 1000   1000 pictures
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ChildCrashedError, procxyPool } from 'procxy';
import { connect } from 'procxy/remote';
import { drawPicture } from '../image/picture.js';
import { printTable } from '../table.js';
import { Blurrer } from './blurrer.js';
import { startHost, startServer } from './programs.js';

const PICTURES = Number(process.argv[2] ?? 200);
const INSTANCES = 4;
const RADIUS = 3;
/** How often a picture is begun before it counts as lost. */
const ATTEMPTS = 5;

const server = await startServer();
const hosts = { north: await startHost('north', server), south: await startHost('south', server) };
const cluster = await connect({
  servers: server.servers,
  namespace: 'shop',
  client: 'web',
  // A killed host is noticed about 5 seconds later, and a silent one after 10.
  lease: { host: 10_000 },
  nats: { user: 'web', pass: server.secrets.WEB_PASSWORD, tls: { caFile: server.secrets.NATS_AUTHORITY } },
});
const pool = await procxyPool(Blurrer, {
  host: cluster,
  size: INSTANCES,
  serialization: 'advanced',
  enableCallbacks: true,
  restart: { minDelay: 50, onRestart: () => {} },
});
const before = await cluster.stats();

/** @type {Map<string, number>} how many pictures each host has blurred */
const blurred = new Map();
const counts = { begunAgain: 0, lost: 0 };
const picture = drawPicture(120, 75);
const start = performance.now();
const work = Array.from({ length: PICTURES }, () => blur());

while (total() < PICTURES / 3) await sleep(10);
const killedAt = total();
await hosts.south.kill();
await Promise.all(work);
const seconds = (performance.now() - start) / 1000;

hosts.south = await startHost('south', server);
const after = await cluster.stats();
const { restarts, waiting, running } = await pool.$stats();
await pool.$terminate();
await cluster.close();
const exitCodes = await Promise.all([hosts.north.drain(), hosts.south.drain()]);
await server.close();

printTable([
  ['hosts, before and after', `${before.length} ${after.length}`],
  ['pictures blurred', String(total())],
  ['by the host north', String(blurred.get('north') ?? 0)],
  ['by the host south', String(blurred.get('south') ?? 0)],
  ['when south was killed', String(killedAt)],
  ['begun again on another instance', String(counts.begunAgain)],
  ['instances that moved', String(restarts)],
  ['pictures lost', String(counts.lost)],
  ['calls left over', String(waiting + running)],
  ['time for all', `${seconds.toFixed(1)} s`],
  ['exit codes of the drained hosts', exitCodes.join(' ')],
]);

function total() {
  return [...blurred.values()].reduce((sum, count) => sum + count, 0);
}

/** Blurs the picture on any host. Blurring changes nothing elsewhere, so that a second attempt is right where a first may have run. */
async function blur() {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      return await pool.$use(async (blurrer) => {
        await blurrer.blur(picture, RADIUS, new AbortController().signal, () => {});
        const host = await blurrer.host();
        blurred.set(host, (blurred.get(host) ?? 0) + 1);
      });
    } catch (error) {
      // A HostLostError is a ChildCrashedError too.
      if (!(error instanceof ChildCrashedError)) throw error;
      counts.begunAgain++;
    }
  }
  counts.lost++;
}
