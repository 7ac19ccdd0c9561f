import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { nextTick } from '../clock.js';

/**
 * Leaves a terminal as it is when this process ends. Node puts the settings back that the terminal had when the process started,
 * also those that another process has changed since, such as a parent that reads single keys. It leaves descriptors alone
 * that are closed by then.
 */
export function leaveTerminalAlone(): void {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  if (terminals.length === 0) return;
  const close = (): void => {
    for (const descriptor of terminals) {
      try {
        closeSync(descriptor);
      } catch {
        // It is closed.
      }
    }
  };
  process.on('exit', close);
  // After every other listener, which may still print.
  process.on('newListener', (name, listener) => {
    if (name !== 'exit' || listener === close) return;
    nextTick(() => process.off('exit', close).on('exit', close));
  });
}
