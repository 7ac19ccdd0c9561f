import type { Channel } from '../channel/channel.js';
import { restoreNextTick } from '../clock.js';
import { warn } from '../warnings.js';

/**
 * Wraps a channel so that it still receives after the class has faked the clock. It restores `nextTick` before each message,
 * since a message follows any code of the class: the result of the constructor or of a call.
 */
export function keepTicking(channel: Channel): Channel {
  return {
    ...channel,
    send(message, handle, written) {
      if (restoreNextTick()) {
        const remedy = "Leave it out when you fake the clock: install({ toNotFake: ['nextTick'] }).";
        warn(
          'PROCXY_CLOCK_FAKED',
          `process.nextTick was faked, but Node needs it to deliver messages, so procxy has restored it. ${remedy}`,
        );
      }
      channel.send(message, handle, written);
    },
  };
}
