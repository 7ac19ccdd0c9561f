import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { nextTick } from '../clock.js';

/**
 * Keeps this process from changing the terminal when it exits. Node resets a terminal to the settings at the process's start,
 * even if another process has changed them since, such as a parent that reads single keys. Node ignores descriptors that are
 * closed by then, so this closes them.
 */
export function leaveTerminalAlone(): void {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  if (terminals.length === 0) return;
  const close = (): void => {
    for (const descriptor of terminals) {
      try {
        closeSync(descriptor);
      } catch {
        // It is closed already.
      }
    }
  };
  process.on('exit', close);
  // Stays behind all other listeners, which may still print.
  process.on('newListener', (name, listener) => {
    if (name !== 'exit' || listener === close) return;
    nextTick(() => process.off('exit', close).on('exit', close));
  });
}
