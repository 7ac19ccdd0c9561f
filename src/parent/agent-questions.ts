import { HandleTransferError } from '../errors.js';
import type { ProcessUsage } from '../protocol.js';
import type { CallOptions } from '../session/calls/open-call.js';
import type { PassableHandle } from '../types/serializable.js';
import type { SideStats } from '../types/stats.js';
import { handOver } from './hand-over.js';
import { checkUsage } from './usage.js';

/** Calls a method of the agent. */
export type AskAgent = (method: string, args: readonly unknown[], options: CallOptions) => Promise<unknown>;

/** Asks the agent about the instance, for the parent. */
export class AgentQuestions {
  readonly #ask: AskAgent;
  readonly #takesHandles: boolean;

  constructor(ask: AskAgent, takesHandles: boolean) {
    this.#ask = ask;
    this.#takesHandles = takesHandles;
  }

  get(name: string, options: CallOptions): Promise<unknown> {
    return this.#ask('$get', [name], options);
  }

  async refresh(options: CallOptions): Promise<void> {
    await this.#ask('$refresh', [], options);
  }

  async stats(options: CallOptions): Promise<SideStats> {
    return (await this.#ask('$stats', [], options)) as SideStats;
  }

  /** Returns what the process uses, or `undefined` if it does not answer within `timeout` ms. */
  usage(timeout: number): Promise<ProcessUsage | undefined> {
    return this.#ask('$usage', [], { timeout }).then(checkUsage, () => undefined);
  }

  /** Sends a handle to the instance, which has a method for it. */
  async sendHandle(handle: PassableHandle, id: unknown, options: CallOptions): Promise<void> {
    if (!this.#takesHandles) {
      throw new HandleTransferError('$sendHandle() needs the option { supportHandles: true } of procxy().');
    }
    const { method, argument, finish } = handOver(handle);
    await this.#ask(method, [argument, id], options);
    finish();
  }
}
