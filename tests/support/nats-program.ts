import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** What tests need of a running `nats-server`. */
export type NatsProgram = Pick<ChildProcess, 'pid' | 'exitCode' | 'signalCode' | 'kill'> & EventEmitter;

/** Where the tests on Windows have a server started: see `tests/windows/nats-door.ts`. */
const door = process.env['PROCXY_TEST_NATS_DOOR'];

export const hasNats = door !== undefined || spawnSync('nats-server', ['--version']).error === undefined;

export function spawnNats(args: readonly string[], env: Readonly<Record<string, string>> = {}): NatsProgram {
  if (door !== undefined) return new NatsBehindDoor(Number(door), args, env);
  return spawn('nats-server', args, { stdio: 'ignore', env: { ...process.env, ...env } });
}

class NatsBehindDoor extends EventEmitter implements NatsProgram {
  readonly pid = undefined;
  exitCode: number | null = null;
  signalCode: NodeJS.Signals | null = null;
  readonly #socket;

  constructor(port: number, args: readonly string[], env: Readonly<Record<string, string>>) {
    super();
    this.#socket = connect(port, '127.0.0.1');
    this.#write(JSON.stringify({ args, env }));
    createInterface(this.#socket).once('line', (line) => {
      [this.exitCode, this.signalCode] = JSON.parse(line) as [number | null, NodeJS.Signals | null];
      this.emit('exit', this.exitCode, this.signalCode);
    });
  }

  kill(signal: NodeJS.Signals | number = 'SIGTERM'): boolean {
    return this.#write(String(signal));
  }

  #write(line: string): true {
    this.#socket.write(`${line}\n`);
    return true;
  }
}
