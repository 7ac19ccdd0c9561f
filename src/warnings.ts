import { now } from './clock.js';

/** Failures that no code awaits, and other things to know. None of them ends the process. */
export type WarningCode =
  | 'PROCXY_BLOCKED'
  | 'PROCXY_CALLBACK_FAILED'
  | 'PROCXY_CHANNEL_FAILED'
  | 'PROCXY_CLOCK_FAKED'
  | 'PROCXY_DISPOSE_FAILED'
  | 'PROCXY_EVENT_FAILED'
  | 'PROCXY_HANDLE_RECEIVER_FAILED'
  | 'PROCXY_HIDDEN_MEMBER'
  | 'PROCXY_MANY_REFERENCES'
  | 'PROCXY_RESTARTED'
  | 'PROCXY_SAVE_FAILED'
  | 'PROCXY_START_FAILED'
  | 'PROCXY_STREAM_FAILED';

/** The most warnings with one code within {@link WINDOW} ms, so that a child cannot flood the log of its parent. */
const MOST = 100;
const WINDOW = 1000;

const told = new Map<WarningCode, { since: number; count: number }>();

/** Emits a process warning. Listeners of the `'warning'` event get it, and Node prints it on stderr by default. */
export function warn(code: WarningCode, message: string): void {
  const time = now();
  let recent = told.get(code);
  if (!recent || time - recent.since > WINDOW) told.set(code, (recent = { since: time, count: 0 }));
  if (++recent.count > MOST) return;
  const more =
    recent.count === MOST ? ` Further warnings with this code are not shown for up to ${WINDOW / 1000} s.` : '';
  process.emitWarning(message + more, { type: 'ProcxyWarning', code });
}
