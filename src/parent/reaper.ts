import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { now, setTimeout } from '../clock.js';

/**
 * Ends children that outlive this process. A child whose event loop turns sees the channel close and exits by
 * itself; one in a busy loop never would. One small shell, started with the first child and gone with the last,
 * reads from a socket which children live. At its end, however this process ended, it waits for them, and kills what is left
 * when the time of each is over.
 *
 * A process id may be used again by then, so each is kept with the time its process started.
 */
const script = `# procxy-reaper
born() {
  if [ -r "/proc/$1/stat" ]; then
    read -r stat < "/proc/$1/stat" && set -- \${stat##*)} && [ "$1" != Z ] && echo "\${20}"
  else
    ps -o lstart= -p "$1" | tr ' ' _
  fi
}
reap() {
  living=
  while read -r sign pid delay; do
    case $sign in
      +) living="$living $pid:$delay:$(born "$pid")" ;;
      -) kept=
         for child in $living; do
           case $child in "$pid":*) ;; *) kept="$kept $child" ;; esac
         done
         living=$kept ;;
    esac
  done
  elapsed=0
  while :; do
    kept=
    for child in $living; do
      pid=\${child%%:*}; rest=\${child#*:}
      [ -n "\${rest#*:}" ] && [ "$(born "$pid")" = "\${rest#*:}" ] || continue
      if [ "$elapsed" -ge "\${rest%%:*}" ]; then kill -9 "$pid"; else kept="$kept $child"; fi
    done
    living=$kept
    [ -n "$living" ] || return
    sleep 0.2 2>/dev/null || sleep 1
    elapsed=$((elapsed + 200))
  done
}
`;

/**
 * A worker thread that ends waits for no process any more, and would leave the shell as a zombie. So a shell of its own starts the
 * one that stays.
 */
const command = isMainThread ? 'reap <&3' : 'reap <&3 3<&- &';

/** How long the shell stays when the last child has gone, in ms: where one child follows another, it serves them all. */
const LINGER = 5000;
/** A shell that ends sooner is not replaced sooner, in ms: something ends it at once. */
const LEAST_LIFE = 1000;

export class Reaper {
  #lane: Socket | undefined;
  #startedAt = -Infinity;
  /** Whether the end of the shell is seen to already. */
  #isReplacing = false;
  /** The children, with the time in ms that each has after the end of this process. */
  readonly #watched = new Map<number, number>();

  /**
   * From now on the process is killed `delay` ms after the end of this one, also if this turn of the event loop never ends. Where no
   * shell can be started there is no protection, and the child starts all the same.
   */
  watch(pid: number, delay: number): void {
    this.#watched.set(pid, Math.ceil(delay));
    if (this.#lane) this.#tell(pid);
    else this.#start();
  }

  /** The process has ended. */
  unwatch(pid: number): void {
    if (!this.#watched.delete(pid)) return;
    this.#lane?.write(`- ${pid}\n`);
    if (this.#watched.size === 0) setTimeout(() => this.#endIfUnused(), LINGER).unref();
  }

  #tell(pid: number): void {
    this.#lane?.write(`+ ${pid} ${this.#watched.get(pid)}\n`);
  }

  #endIfUnused(): void {
    if (this.#watched.size > 0) return;
    const lane = this.#lane;
    this.#lane = undefined;
    lane?.end();
  }

  #start(): void {
    const wait = this.#startedAt + LEAST_LIFE - now();
    if (wait > 0) return this.#startLater(wait);
    this.#startedAt = now();
    const lane = startShell();
    if (!lane) return;
    this.#lane = lane;
    lane.once('close', () => {
      if (this.#lane !== lane) return;
      this.#lane = undefined;
      if (this.#watched.size > 0) this.#start();
    });
    for (const pid of this.#watched.keys()) this.#tell(pid);
  }

  #startLater(wait: number): void {
    if (this.#isReplacing) return;
    this.#isReplacing = true;
    setTimeout(() => {
      this.#isReplacing = false;
      if (!this.#lane && this.#watched.size > 0) this.#start();
    }, wait).unref();
  }
}

/**
 * Returns the socket that the shell reads. `undefined` on Windows, where libuv's job object ends the children, and where no shell or
 * no pipe could be had.
 */
function startShell(): Socket | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    // Detached: Ctrl-C reaches the whole process group of a terminal, and the shell must outlive it.
    const shell = spawn('/bin/sh', ['-c', `${script}${command}`, 'procxy-reaper'], {
      cwd: '/',
      detached: true,
      env: { PATH: `${process.env.PATH ?? ''}:/usr/bin:/bin` },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    shell.on('error', () => {});
    shell.unref();
    const lane = (shell.stdio as typeof shell.stdio | undefined)?.[3] as Socket | null | undefined;
    if (!lane) return undefined;
    // It says nothing: to read is to see its end.
    lane.on('error', () => {}).resume();
    return lane.unref();
  } catch {
    return undefined;
  }
}
