import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeCertificates } from './certificates.js';

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const hostProgram = fileURLToPath(new URL('./procxy-host.js', import.meta.resolve('procxy')));

/**
 * Makes passwords and certificates, and starts a server of NATS with them.
 *
 * @returns what hosts and clients need in their environment, and how to end it all
 */
export async function startServer() {
  const folder = await mkdtemp(join(tmpdir(), 'procxy-cluster-'));
  makeCertificates(folder, ['server']);
  const port = await freePort();
  const secrets = {
    HOST_PASSWORD: newPassword(),
    WEB_PASSWORD: newPassword(),
    OPERATOR_PASSWORD: newPassword(),
    NATS_CERTIFICATE: join(folder, 'server.pem'),
    NATS_KEY: join(folder, 'server.key'),
    NATS_AUTHORITY: join(folder, 'authority.pem'),
  };
  const args = ['-c', here('nats.conf'), '-a', '127.0.0.1', '-p', `${port}`];
  const server = spawn('nats-server', args, { stdio: 'ignore', env: { ...process.env, ...secrets } });
  endWithThis(server);
  await once(server, 'spawn');
  return {
    servers: `tls://127.0.0.1:${port}`,
    secrets,
    async close() {
      server.kill();
      await once(server, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

/**
 * Starts a host as systemd or Kubernetes would, and waits until it takes instances.
 *
 * @param {string} name
 * @param {{ servers: string, secrets: Record<string, string> }} server
 */
export async function startHost(name, { servers, secrets }) {
  const health = await freePort();
  const options = ['--servers', servers, '--health', `${health}`, '--drain', '20'];
  const { HOST_PASSWORD, NATS_AUTHORITY } = secrets;
  const host = spawn(process.execPath, [hostProgram, here('host.config.js'), ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, HOST_NAME: name, HOST_PASSWORD, NATS_AUTHORITY },
  });
  endWithThis(host);
  let printed = '';
  host.stderr.setEncoding('utf8').on('data', (text) => (printed += text));
  while (!(await isReady(health))) {
    if (host.exitCode !== null) throw new Error(`The host ${name} has ended. It printed: ${printed}`);
    await sleep(50);
  }
  return {
    /** Ends it as a power cut does. */
    async kill() {
      host.kill('SIGKILL');
      await once(host, 'exit');
    },
    /** Ends it as an orchestrator does. @returns its exit code */
    async drain() {
      host.kill('SIGTERM');
      const [code] = await once(host, 'exit');
      return code;
    },
  };
}

/**
 * Nothing is left behind if this program fails.
 *
 * @param {import('node:child_process').ChildProcess} child
 */
function endWithThis(child) {
  process.once('exit', () => child.kill('SIGKILL'));
}

/** @param {number} port */
async function isReady(port) {
  const response = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined);
  return response?.status === 200;
}

/** A password that NATS does not take for a number. */
function newPassword() {
  return `p${randomBytes(12).toString('hex')}`;
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  return port;
}
