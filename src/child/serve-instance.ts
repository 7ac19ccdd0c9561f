import type { Channel } from '../channel/channel.js';
import type { Codec } from '../codec/codec.js';
import type { Self } from '../codec/transfer-handlers.js';
import { TerminatedError, type ProtocolError } from '../errors.js';
import { openSession } from '../session/open-session.js';
import type { Session } from '../session/session.js';
import { AgentMethods } from './agent-methods.js';
import type { Place } from './place.js';

export interface ServedInstance {
  readonly session: Session;
  readonly codec: Codec;
  /** ms that {@link dispose} may take after the other side has gone. */
  readonly terminateTimeout: number;
  /** The signal that asks this process to end. */
  readonly killSignal: NodeJS.Signals;
  /** Runs the instance's dispose hook, if it has one. Later calls return the first promise. */
  dispose(): Promise<void>;
  /** Stops serving: only the instance's own code still runs. The channel's owner closes the channel. */
  close(): void;
}

/**
 * Serves an instance to the other side of a channel, which chooses its class and constructor arguments.
 * @param onViolation called when the other side breaks the protocol; nothing more is read from it
 */
export function serveInstance(
  channel: Channel,
  place: Place,
  onViolation: (error: ProtocolError) => void,
): ServedInstance {
  const self: Self = { current: undefined };
  const opened = openSession({
    channel,
    isParent: false,
    self,
    className: () => agent.className,
    ownFile: place.ownFile,
    run(target, method, args) {
      if (target === 'agent') return agent.run(method, args);
      const { started } = agent;
      return target === 'symbol' ? started.callSymbol(method, args) : started.call(method, args);
    },
    preface: () => agent.instance?.properties.takeChanges(),
    handlers: {
      'event-subscribe': ({ event, referenceId }) => agent.eventsOf(referenceId)?.subscribe(event),
      'event-unsubscribe': ({ event, referenceId }) => agent.eventsOf(referenceId)?.unsubscribe(event),
    },
    onViolation,
  });
  const agent = new AgentMethods(opened, self, place);
  const { session, codec } = opened;
  session.enableBatches();
  return {
    session,
    codec,
    get terminateTimeout() {
      return agent.terminateTimeout;
    },
    get killSignal() {
      return agent.killSignal;
    },
    dispose: () => agent.instance?.dispose() ?? Promise.resolve(),
    close() {
      agent.close();
      session.close((method) => new TerminatedError(`${method}(): the instance was terminated.`));
    },
  };
}
