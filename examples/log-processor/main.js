/**
 * A log goes through a child as a stream, and what the child makes of it comes back as another. However large it is, neither process
 * holds more of it than fits into the streams' buffers.
 *
 *     node examples/log-processor/main.js           a log of 50 MB
 *     node examples/log-processor/main.js 1000      of 1000 MB
 */
import { procxy } from 'procxy';
import { printTable } from '../table.js';
import { LogProcessor } from './log-processor.js';
import { makeLog } from './log.js';

const MEGABYTE = 1e6;
const SIZE = Number(process.argv[2] ?? 50) * MEGABYTE;

const processor = await procxy(LogProcessor, './log-processor.js');
const failed = await processor.failures(makeLog(SIZE));

let bytes = 0;
let lines = 0;
let peak = 0;
let last = '';
for await (const chunk of failed) {
  const text = String(chunk);
  bytes += chunk.length;
  lines += text.split('\n').length - 1;
  last = text.trimEnd().split('\n').at(-1) ?? '';
  peak = Math.max(peak, process.memoryUsage.rss());
}
const { requests, paths } = await processor.summary();
const childPeak = await processor.peak();
await processor.$terminate();

/** @param {number} value */
const megabytes = (value) => (value / MEGABYTE).toFixed(1);
printTable([
  ['path', 'failures', 'average ms'],
  ...paths.map(({ path, failures, ms }) => [path, String(failures), ms.toFixed(1)]),
]);
console.log(`\nThe last failure: ${last}\n`);
printTable([
  ['requests in the log', String(requests)],
  ['failures that came back', String(lines)],
  ['MB of log', megabytes(SIZE)],
  ['MB that came back', megabytes(bytes)],
  ['MB of memory at most, this process', megabytes(peak)],
  ['MB of memory at most, the child', megabytes(childPeak)],
]);
