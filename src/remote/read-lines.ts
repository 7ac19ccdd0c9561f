import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Characters of a line that are kept. The rest of a longer line is dropped as it arrives. */
const MAX_LINE = 10_000;

/** Calls `onLine` with each line of a stream, however long a line or the output without one is. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder();
  let line = '';
  const add = (text: string): void => {
    const [first = '', ...others] = text.split('\n');
    line = (line + first).slice(0, MAX_LINE);
    for (const other of others) {
      onLine(line.replace(/\r$/, ''));
      line = other.slice(0, MAX_LINE);
    }
  };
  stream.on('data', (chunk: Buffer) => add(decoder.write(chunk)));
  stream.once('end', () => {
    add(decoder.end());
    if (line !== '') onLine(line);
  });
}
