import type { ErrorFactory } from '../calls/open-call.js';
import type { OpenSink } from './open-sink.js';
import type { OpenSource } from './open-source.js';

/**
 * What happens to the open streams when nothing more can come from the other side: its process died, the channel broke, or a side
 * ended the session.
 *
 * | this side          | what its code sees                                                                           |
 * | ------------------ | -------------------------------------------------------------------------------------------- |
 * | reads (a sink)     | items that have arrived are dropped; every pending and the next `next()` reject with the reason |
 * | reads, ended       | nothing: the end had arrived, so the items that are held can still be read                    |
 * | writes (a source)  | its producer is ended with the reason: an iterator's `finally` runs, a Node stream is destroyed |
 */
export function failOpenStreams(open: Iterable<OpenSink | OpenSource>, reason: ErrorFactory): void {
  for (const { end } of open) end.fail(reason('stream'));
}
