/**
 * A class in a child process calls an HTTP API. The tokens for it come from a function of this process, whenever they are needed:
 * what signs them stays here.
 *
 *     node examples/token-provider/main.js          7 requests
 *     node examples/token-provider/main.js 20       20
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { procxy } from 'procxy';
import { ApiClient } from './api-client.js';
import { ProtectedServer } from './server.js';

const REQUESTS = Number(process.argv[2] ?? 7);

const server = new ProtectedServer();
const base = await server.listen();

/** Stands for whatever takes its time: a vault, a sign-in, another service. */
async function getToken() {
  await sleep(20);
  console.log('The child asks for a token.');
  return server.issueToken();
}

const client = await procxy(ApiClient, './api-client.js', { enableCallbacks: true }, base, getToken);
for (let n = 1; n <= REQUESTS; n++) console.log('answered:', await client.get(`/reports/${n}`));
await client.$terminate();
server.close();

console.log(`${server.issued} tokens, ${server.answered} requests answered, ${server.refused} refused.`);
