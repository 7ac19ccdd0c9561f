import type { ResolvedHeartbeat } from '../options/containment.js';
import type { MuxChannel } from '../channel/mux-channel.js';
import type { LoadRequest } from '../protocol.js';
import type { SharedSync } from '../session/sync/sync-calls.js';
import type { ChildOptions } from './options/child-options.js';
import type { CallDefaults } from './remote-method.js';
import type { InstanceStart } from './start-instance.js';

/** What the worker must know to make its instance. */
export type InstanceRequest = Omit<LoadRequest, 'callbacks' | 'references' | 'dataDescriptor'>;

export interface StartOptions extends Pick<InstanceStart, 'constructorArgs' | 'startTimeout' | 'site' | 'onLoaded'> {
  /** Called while the worker starts. */
  makeRequest(): InstanceRequest;
  /** When it aborts, the worker is ended. */
  signal: AbortSignal | undefined;
  /** µs for which this process's event loop stays awake after a message. */
  busyPoll: number;
  heartbeat: ResolvedHeartbeat | undefined;
  /** The name of the class in traces. */
  className: string;
  /** The class, if this process has loaded it. */
  type: () => object | undefined;
  callDefaults: CallDefaults;
  /** The last sentence of crash errors, if something replaces the worker. */
  advice?: string | undefined;
  /** The same for a call on a reference. */
  referenceAdvice?: string | undefined;
}

/** What several instances share of their worker. */
export interface Shared {
  readonly channel: MuxChannel;
  /** Absent if the worker cannot block. */
  readonly sync: SharedSync | undefined;
}

export type ConnectionOptions = Pick<
  ChildOptions,
  'serialization' | 'supportHandles' | 'callbacks' | 'references' | 'terminateTimeout'
>;
