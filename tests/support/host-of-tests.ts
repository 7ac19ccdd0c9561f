import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readSync, rmSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cluster, HostChoice, ProcxyOptions } from '../../dist/index.js';
import { connect, type ClassOptions, type ServedClass } from '../../dist/remote.js';
import { checkClass, targetClass } from '../../src/parent/given-class.js';

/** Options of the tests that a host decides, in the options of its classes. */
const ofClasses: readonly (keyof ClassOptions)[] = [
  'args',
  'create',
  'cwd',
  'execArgv',
  'execPath',
  'gid',
  'killSignal',
  'permissions',
  'resourceLimits',
  'uid',
];
/** Options that are left out on a host: it has its own for output, and its own channel. */
const leftOut = ['env', 'inheritEnv', 'modulePath', 'exportName', 'stdio', 'channel', 'windowsHide'];

/** A host that serves the classes of the tests of one file, in a process of its own, and the connection to it. */
export class HostOfTests {
  readonly #cluster: Cluster;
  readonly #network: { servers: string; namespace: string };
  readonly #requests: FileHandle;
  readonly #answers: FileHandle;
  /** The names of what is served, by the request for it. */
  readonly #served = new Map<string, string>();

  private constructor(
    network: { servers: string; namespace: string },
    cluster: Cluster,
    pipes: [FileHandle, FileHandle],
  ) {
    this.#network = network;
    this.#cluster = cluster;
    [this.#requests, this.#answers] = pipes;
  }

  static async start(servers: string): Promise<HostOfTests> {
    const network = { servers, namespace: `tests-${process.pid}` };
    const folder = mkdtempSync(join(tmpdir(), 'procxy-host-'));
    const [requests, answers] = [join(folder, 'requests'), join(folder, 'answers')];
    execFileSync('mkfifo', [requests, answers]);
    const program = fileURLToPath(new URL('../fixtures/remote/serving-on-demand.js', import.meta.url));
    const host = spawn(process.execPath, [program, requests, answers], { stdio: ['ignore', 'inherit', 'inherit'] });
    const failed = new Promise<never>((_resolve, reject) => {
      host.once('exit', (code) => reject(new Error(`The host of the tests has exited with code ${code}.`)));
    });
    // Both wait until the host has opened the other end.
    const pipes = await Promise.race([Promise.all([open(requests, 'w'), open(answers, 'r')]), failed]);
    host.unref();
    rmSync(folder, { recursive: true });
    return new HostOfTests(network, await connect(network), pipes);
  }

  /**
   * Makes the host serve a class, and returns the options for the client. It blocks meanwhile, so that `procxy()` is called in the same
   * turn as without a host.
   */
  optionsFor(Class: unknown, options: ProcxyOptions, caller: string | undefined): ProcxyOptions {
    const { modulePath, exportName, stdio, env } = options;
    const target = targetClass(checkClass(Class, 'procxy'), { modulePath, exportName }, caller);
    const module = target.resolveModule();
    const classOptions = Object.fromEntries(ofClasses.map((name) => [name, options[name]]));
    const served: ServedClass = {
      module: 'url' in module ? module.url : module.specifier,
      exportName: target.wanted.exportName ?? target.name,
      options: { ...classOptions, env: { ...process.env, ...env } },
    };
    const name = this.#serve(served, stdio === 'pipe');
    const own = new Set<string>([...ofClasses, ...leftOut]);
    const left = Object.entries(options).filter(([key]) => key === 'create' || !own.has(key));
    const host: HostChoice = { cluster: this.#cluster, name };
    return { ...Object.fromEntries(left), host };
  }

  #serve(served: ServedClass, exposeStderr: boolean): string {
    const key = JSON.stringify({ served, exposeStderr });
    const known = this.#served.get(key);
    if (known !== undefined) return known;
    const name = `class-${this.#served.size}`;
    const limits = { instances: 1000 };
    const request = { ...this.#network, classes: { [name]: served }, limits, exposeStderr };
    writeSync(this.#requests.fd, `${JSON.stringify(request)}\n`);
    const answer = this.#readLine();
    if (answer !== '') throw new Error(`The host of the tests cannot serve ${served.exportName}: ${answer}`);
    this.#served.set(key, name);
    return name;
  }

  #readLine(): string {
    const byte = Buffer.alloc(1);
    let line = '';
    while (readSync(this.#answers.fd, byte) === 1) {
      if (byte[0] === 10) return line;
      line += byte.toString('latin1');
    }
    throw new Error('The host of the tests has ended.');
  }
}
