import type { ChildProcess } from 'node:child_process';
import { clearTimeout, setTimeout } from '../clock.js';
import { ChildCrashedError, describeReason } from '../errors.js';
import { isError } from '../realm.js';
import type { ExitStatus } from '../types/stats.js';
import { startError } from './launch/launch.js';
import { Reaper } from './reaper.js';

/** How much of stderr a crash error carries, in bytes. */
const STDERR_TAIL = 4096;
/** How long after its exit the last messages and output of a child may still arrive, in ms. */
const DRAIN_TIME = 500;
/** How long an idle child still keeps the parent alive, in ms. */
const RELEASE_DELAY = 10;

const reaper = new Reaper();

/** The child process, and what is known of its life and end. */
export class AgentProcess {
  readonly process: ChildProcess;
  /** Resolves when the process is gone and all it sent has arrived. */
  readonly exited: Promise<ExitStatus>;
  /** Resolves when the process is gone or the channel to it is closed: no call can be answered any more. */
  readonly disconnected: Promise<void>;
  /** The uncaught error that the child reported before it died. */
  lastWords: { error: unknown } | undefined;
  /** Called when the process is gone, while what it sent may still arrive. */
  onExit: (() => void) | undefined;
  #startFailure: Error | undefined;
  #status: ExitStatus | undefined;
  #killedFor: string | undefined;
  #stderr: Buffer | undefined;
  #holds = 0;
  #isHeld = false;
  #isReleasing = false;

  constructor(child: ChildProcess, terminateTimeout: number) {
    this.process = child;
    this.disconnected = new Promise((resolve) => child.once('disconnect', resolve));
    this.exited = this.#watchExit();
    this.#keepStderr();
    this.#letParentExit();
    if (child.pid !== undefined) reaper.watch(child.pid, terminateTimeout);
  }

  get ended(): boolean {
    return this.#status !== undefined;
  }

  /** Keeps the parent alive until as many {@link release} have followed, and some ms longer. */
  hold(): void {
    if (this.#holds++ > 0 || this.#isHeld || this.ended) return;
    this.#isHeld = true;
    this.#setRef('ref');
  }

  /** Not at once: of calls that follow one another each would have to hold it again. */
  release(): void {
    if (--this.#holds > 0 || !this.#isHeld || this.#isReleasing) return;
    this.#isReleasing = true;
    setTimeout(() => {
      this.#isReleasing = false;
      if (this.#holds === 0) this.#letParentExit();
    }, RELEASE_DELAY).unref();
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.ended) this.process.kill(signal);
  }

  /** Ends it at once; `reason` is told with whatever is open then. */
  killFor(reason: string): void {
    this.#killedFor ??= reason;
    this.kill('SIGKILL');
  }

  /** Why nothing can be called any more. */
  crashError(method: string): ChildCrashedError {
    if (this.#startFailure) return startError(this.#startFailure);
    const { code, signal } = this.#status ?? { code: null, signal: null };
    const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
    const error = this.lastWords?.error;
    const name = isError(error) ? `${describeReason(error.name)}: ` : '';
    const why = this.lastWords ? `: ${name}${describeReason(error)}` : this.#killedFor ? `: ${this.#killedFor}` : '';
    const hint =
      signal === 'SIGABRT' ? ' It may have run out of memory: `resourceLimits` says how much it may take.' : '';
    return new ChildCrashedError(
      `${method}(): the child process ${how}${why}.${hint} Call procxy() again for a new one.`,
      {
        exitCode: code,
        signal,
        stderr: this.#stderr?.toString(),
        ...(this.lastWords && { cause: error }),
      },
    );
  }

  async #watchExit(): Promise<ExitStatus> {
    const child = this.process;
    const status = await new Promise<ExitStatus>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.on('error', (error) => {
        // Later errors concern a kill or a send; what follows from those is seen at the exit.
        if (child.pid !== undefined) return;
        this.#startFailure = error;
        resolve({ code: null, signal: null });
      });
    });
    this.#status = status;
    this.onExit?.();
    if (child.pid !== undefined) reaper.unwatch(child.pid);
    if (!this.#startFailure) await this.#drain();
    return status;
  }

  /** Results and the last of stderr may still be in their pipes when the process is gone. */
  async #drain(): Promise<void> {
    const { stderr } = this.process;
    const stderrEnded = stderr && !stderr.closed && new Promise((resolve) => stderr.once('close', resolve));
    let timer: NodeJS.Timeout | undefined;
    // A grandchild that inherited stderr may keep it open for ever.
    const late = new Promise((resolve) => (timer = setTimeout(resolve, DRAIN_TIME)));
    await Promise.race([Promise.all([this.disconnected, stderrEnded]), late]);
    clearTimeout(timer);
  }

  #keepStderr(): void {
    const { stderr } = this.process;
    if (!stderr) return;
    this.#stderr = Buffer.alloc(0);
    stderr.on('data', (chunk: Buffer | string) => {
      const all = Buffer.concat([this.#stderr ?? Buffer.alloc(0), Buffer.from(chunk)]);
      this.#stderr = all.subarray(Math.max(0, all.length - STDERR_TAIL));
    });
  }

  #letParentExit(): void {
    this.#isHeld = false;
    this.#setRef('unref');
  }

  #setRef(change: 'ref' | 'unref'): void {
    const child = this.process;
    child[change]();
    child.channel?.[change]();
    // Node leaves them out when it could not open the pipes.
    for (const stream of (child.stdio as typeof child.stdio | undefined) ?? []) {
      // Pipes of a child are sockets; the types know only streams.
      if (stream) (stream as Partial<Record<typeof change, () => void>>)[change]?.();
    }
  }
}
