import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { now, setTimeout } from '../clock.js';

/**
 * Ends children that outlive this process. Most children exit by themselves when the channel closes, but a child in a busy loop
 * would not notice. One small shell, which starts with the first child and ends with the last, reads from a socket which children
 * are alive. The socket closes when this process ends in any way. The shell then waits, and kills each child whose time is over.
 *
 * A process id may be reused by then, so the shell remembers the start time of each process.
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
 * A worker thread that has ended no longer waits for its processes, so the shell would stay as a zombie. In a worker thread, an
 * intermediate shell starts the one that stays.
 */
const command = isMainThread ? 'reap <&3' : 'reap <&3 3<&- &';

/** How long the shell stays after the last child has gone, in ms, so that one shell serves a sequence of children. */
const LINGER = 5000;
/** The least time between two starts of the shell, in ms, in case something ends it immediately. */
const LEAST_LIFE = 1000;

export class Reaper {
  #lane: Socket | undefined;
  #startedAt = -Infinity;
  /** Whether a new shell is already scheduled. */
  #isReplacing = false;
  /** The time in ms that each child has after the end of this process, by process id. */
  readonly #watched = new Map<number, number>();

  /**
   * Makes sure that a process is killed `delay` ms after the end of this one, even if this turn of the event loop never ends. If
   * no shell can be started, the child runs without this protection.
   */
  watch(pid: number, delay: number): void {
    this.#watched.set(pid, Math.ceil(delay));
    if (this.#lane) this.#tell(pid);
    else this.#start();
  }

  /** Call it when the process has ended. */
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
 * Starts the shell, and returns the socket that it reads. Returns `undefined` on Windows, where libuv's job object ends the
 * children, and if no shell or pipe is available.
 */
function startShell(): Socket | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    // Detached, since Ctrl-C reaches the whole process group of a terminal, and the shell must survive it.
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
    // The shell writes nothing. Reading only detects its end.
    lane.on('error', () => {}).resume();
    return lane.unref();
  } catch {
    return undefined;
  }
}
