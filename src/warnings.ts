/** What went wrong where nobody waits, and whose end it is not to be. */
export type WarningCode =
  | 'PROCXY_BLOCKED'
  | 'PROCXY_CALLBACK_FAILED'
  | 'PROCXY_CHANNEL_FAILED'
  | 'PROCXY_DISPOSE_FAILED'
  | 'PROCXY_EVENT_FAILED'
  | 'PROCXY_HANDLE_RECEIVER_FAILED'
  | 'PROCXY_STREAM_FAILED';

/** Tells of it as Node does: a listener of the process's `'warning'` event gets it, and stderr by default. */
export function warn(code: WarningCode, message: string): void {
  process.emitWarning(message, { type: 'ProcxyWarning', code });
}
