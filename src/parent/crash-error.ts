import { ChildCrashedError, describeReason } from '../errors.js';
import { isError } from '../realm.js';
import type { ExitStatus } from '../types/stats.js';

/** The exit code with which Node aborts on Windows, which has no signals. */
const ABORTED = 134;

/** A process that has ended by itself, or was ended. */
export interface Crash {
  /** How messages name the process. */
  what: string;
  status: ExitStatus;
  /** Its own uncaught error. */
  lastWords: { error: unknown } | undefined;
  /** Why it was ended. */
  endedFor: string | undefined;
  stderr: string | undefined;
  /** How messages name the option that limits its memory. */
  limitedBy: string;
  /** A sentence about the reason. Used if nothing else explains the crash. */
  hint?: string | undefined;
}

/**
 * Makes the error for a call of a process that has ended.
 * @param advice the last sentence of its message
 */
export function crashError(method: string, crash: Crash, advice: string): ChildCrashedError {
  const { what, lastWords, endedFor, stderr, limitedBy } = crash;
  const { code, signal } = crash.status;
  const error = lastWords?.error;
  const name = isError(error) ? `${describeReason(error.name)}: ` : '';
  const why = lastWords ? `: ${name}${describeReason(error)}` : endedFor === undefined ? '' : `: ${endedFor}`;
  const hint = signal === 'SIGABRT' || code === ABORTED ? aborted(limitedBy) : crash.hint;
  const sentences = [`${method}(): ${what} ${howItEnded(crash.status)}${why}.`, hint, advice];
  return new ChildCrashedError(sentences.filter((each) => each !== undefined).join(' '), {
    exitCode: code,
    signal,
    stderr,
    ...(lastWords && { cause: error }),
  });
}

function howItEnded({ code, signal }: ExitStatus): string {
  if (signal !== null) return `was ended by ${signal}`;
  return code === null ? 'has not run' : `exited with code ${code}`;
}

function aborted(limitedBy: string): string {
  return `It called abort(), or V8 or a native module aborted, for example out of memory: ${limitedBy} says how much it may take.`;
}
