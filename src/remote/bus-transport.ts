import type { Transport } from './link/link-options.js';
import type { Bus } from './nats.js';

/**
 * Carries the frames of a link on NATS.
 * @param to the subject on which the other end listens
 * @param from the subject on which this end listens
 */
export function busTransport(bus: Bus, to: string, from: string): Transport {
  return {
    get maxPayload() {
      return bus.maxPayload;
    },
    get isConnected() {
      return bus.isConnected;
    },
    send: (frame) => bus.publish(to, frame, from),
  };
}
