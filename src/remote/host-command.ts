/** The command `procxy-host`: runs a host. A configuration file exports the options of `serve()` as its default. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { describeReason } from '../errors.js';
import { serve, type Host, type ServedClass, type ServeOptions } from './index.js';

const usage = `Usage: procxy-host CONFIG [--servers URL,…] [--health PORT] [--drain SECONDS]

  CONFIG      a module, in JavaScript or TypeScript, whose default export has the options of serve()
  --servers   the servers of NATS, instead of those in CONFIG
  --health    serves /live and /ready on this port, for probes
  --drain     seconds to wait for instances after SIGTERM, before they are ended (default: 30)
`;

interface Command {
  config: string;
  servers: string | undefined;
  health: number | undefined;
  /** ms */
  drain: number;
}

await main().catch((error: unknown) => {
  process.stderr.write(`procxy-host: ${describeReason(error)}.\n`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const command = readCommand();
  const base = pathToFileURL(resolve(command.config)).href;
  const options = await load(base);
  const classes = Object.entries(options.classes ?? {}).map(([name, served]) => [name, locate(served, base)]);
  const servers = command.servers === undefined ? {} : { servers: command.servers.split(',') };
  const host = await serve({ ...options, ...servers, classes: Object.fromEntries(classes) });
  const health = command.health === undefined ? undefined : await serveHealth(host, command.health);
  process.stderr.write(`procxy-host ${host.id} serves ${classes.map(([name]) => name).join(', ')}.\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void leave(host, health, command.drain));
  }
}

/** Takes no new instances, and ends with the last one. The same signal again ends the process at once. */
async function leave(host: Host, health: Server | undefined, timeout: number): Promise<void> {
  process.stderr.write(`procxy-host ${host.id} is draining: ${host.stats().instances} instances.\n`);
  await host.drain(timeout);
  health?.close();
  process.exit(0);
}

/** @throws {Error} with the usage, for arguments that are not known */
function readCommand(): Command {
  const text = { type: 'string' } as const;
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { servers: text, health: text, drain: { ...text, default: '30' } },
    });
    const [config, ...rest] = positionals;
    if (config === undefined || rest.length > 0) throw new Error(`one CONFIG is needed, but got ${positionals.length}`);
    const health = values.health === undefined ? undefined : readNumber('--health', values.health);
    return { config, servers: values.servers, health, drain: 1000 * readNumber('--drain', values.drain) };
  } catch (error) {
    throw new Error(`${describeReason(error)}.\n\n${usage}`, { cause: error });
  }
}

function readNumber(name: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= 0 && number < 65_536) return number;
  throw new Error(`${name} must be a number, but got '${text}'`);
}

async function load(url: string): Promise<ServeOptions> {
  const module = (await importFile(url)) as { default?: ServeOptions };
  if (typeof module.default === 'object') return module.default;
  throw new Error(`${url} has no default export with the options of serve()`);
}

/** Imports TypeScript by `tsx` where this Node cannot. */
async function importFile(url: string): Promise<unknown> {
  try {
    return await import(url);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
    const { tsImport } = (await import(pathToFileURL(createRequire(url).resolve('tsx/esm/api')).href)) as {
      tsImport(file: string, parent: string): Promise<unknown>;
    };
    return tsImport(url, url);
  }
}

/** Finds the module of a class as the configuration file would. */
function locate(served: ServedClass, base: string): ServedClass {
  const { module } = served;
  if (typeof module !== 'string' || module.startsWith('file:')) return served;
  if (/^\.\.?\//.test(module)) return { ...served, module: new URL(module, base) };
  return { ...served, module: pathToFileURL(createRequire(base).resolve(module)) };
}

/** `/live`: NATS has not been lost for good. `/ready`: the host takes new instances. */
async function serveHealth(host: Host, port: number): Promise<Server> {
  const server = createServer(({ url }, response) => {
    const { state } = host.stats();
    const isKnown = url === '/live' || url === '/ready';
    const isGood = url === '/live' ? state !== 'closed' : state === 'running';
    const status = !isKnown ? 404 : isGood ? 200 : 503;
    response.writeHead(status, { 'content-type': 'text/plain' }).end(`${isKnown ? state : 'not found'}\n`);
  });
  server.listen(port);
  try {
    await once(server, 'listening');
  } catch (error) {
    await host.close();
    throw new Error(`--health cannot listen on the port ${port}: ${describeReason(error)}`, { cause: error });
  }
  return server;
}
