import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout } from '../clock.js';

/**
 * Ends children that outlive this process. A child whose event loop turns sees the channel close and exits by
 * itself; one in a busy loop never would. One small shell, started with the first child and gone with the last,
 * reads which children live from its stdin. At its end, however this process ended, it waits and kills what is left.
 *
 * A process id may be used again by then, so each is kept with the time its process started.
 */
const script = `
born() {
  if [ -r "/proc/$1/stat" ]; then
    read -r stat < "/proc/$1/stat" && set -- \${stat##*)} && echo "\${20}"
  else
    ps -o lstart= -p "$1" | tr ' ' _
  fi
}
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
for child in $living; do
  (
    pid=\${child%%:*}; rest=\${child#*:}
    sleep "\${rest%%:*}" || exit
    [ "$(born "$pid")" = "\${rest#*:}" ] && kill -9 "$pid"
  ) &
done
wait
`;

/** How long the shell stays when the last child has gone, in ms: where one child follows another, it serves them all. */
const LINGER = 5000;

export class Reaper {
  #shell: ChildProcess | undefined;
  readonly #watched = new Set<number>();

  /** From now on the process is killed `delay` ms after the end of this one, also if this turn of the event loop never ends. */
  watch(pid: number, delay: number): void {
    this.#watched.add(pid);
    this.#shell ??= startShell();
    this.#shell?.stdin?.write(`+ ${pid} ${delay / 1000}\n`);
  }

  /** The process has ended. */
  unwatch(pid: number): void {
    if (!this.#watched.delete(pid)) return;
    this.#shell?.stdin?.write(`- ${pid}\n`);
    if (this.#watched.size === 0) setTimeout(() => this.#endIfUnused(), LINGER).unref();
  }

  #endIfUnused(): void {
    if (this.#watched.size > 0) return;
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }
}

/** None on Windows, where libuv's job object ends the children; none where there is no shell. */
function startShell(): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  // Detached: Ctrl-C reaches the whole process group of a terminal, and the shell must outlive it.
  const shell = spawn('/bin/sh', ['-c', script, 'procxy-reaper'], {
    cwd: '/',
    detached: true,
    env: { PATH: `${process.env.PATH ?? ''}:/usr/bin:/bin` },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', () => {});
  // Where no pipe could be opened there is no shell, and no protection; the child itself is told of the same lack.
  if (!(shell.stdin as typeof shell.stdin | undefined)) return undefined;
  shell.stdin.on('error', () => {});
  shell.unref();
  (shell.stdin as typeof shell.stdin & { unref(): void }).unref();
  return shell;
}
