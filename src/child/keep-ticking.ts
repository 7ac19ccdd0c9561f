import type { Channel } from '../channel/channel.js';
import { restoreNextTick } from '../clock.js';
import { warn } from '../warnings.js';

/**
 * The same channel, which stays able to receive when the class fakes the clock. Whatever the class does, a message follows: that the
 * instance has been made, or the result of a call.
 */
export function keepTicking(channel: Channel): Channel {
  return {
    ...channel,
    send(message, handle, written) {
      if (restoreNextTick()) {
        const remedy = "Leave it out when you fake the clock: install({ toNotFake: ['nextTick'] }).";
        warn(
          'PROCXY_CLOCK_FAKED',
          `process.nextTick was faked, and Node delivers messages by it. It is real again. ${remedy}`,
        );
      }
      channel.send(message, handle, written);
    },
  };
}
