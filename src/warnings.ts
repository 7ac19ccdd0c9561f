import { now } from './clock.js';

/** What went wrong where nobody waits, and whose end it is not to be. */
export type WarningCode =
  | 'PROCXY_BLOCKED'
  | 'PROCXY_CALLBACK_FAILED'
  | 'PROCXY_CHANNEL_FAILED'
  | 'PROCXY_CLOCK_FAKED'
  | 'PROCXY_DISPOSE_FAILED'
  | 'PROCXY_EVENT_FAILED'
  | 'PROCXY_HANDLE_RECEIVER_FAILED'
  | 'PROCXY_HIDDEN_MEMBER'
  | 'PROCXY_RESTARTED'
  | 'PROCXY_STREAM_FAILED';

/** So many of one code are told within {@link WINDOW} ms: a child that floods the process with them is not to flood its log. */
const MOST = 100;
const WINDOW = 1000;

const told = new Map<WarningCode, { since: number; count: number }>();

/** Tells of it as Node does: a listener of the process's `'warning'` event gets it, and stderr by default. */
export function warn(code: WarningCode, message: string): void {
  const time = now();
  let recent = told.get(code);
  if (!recent || time - recent.since > WINDOW) told.set(code, (recent = { since: time, count: 0 }));
  if (++recent.count > MOST) return;
  const more = recent.count === MOST ? ` Others with this code are not shown for up to ${WINDOW / 1000} s.` : '';
  process.emitWarning(message + more, { type: 'ProcxyWarning', code });
}
