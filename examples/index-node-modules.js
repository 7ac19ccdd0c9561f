/**
 * The demo: the same class does the same work twice, first in this process, then in a child behind a proxy.
 *
 *     npm run demo          indexes 12 MB of text, or what there is
 *     npm run demo -- 3     only 3 MB of it
 */
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { procxy } from 'procxy';
import { watchEventLoop } from './event-loop-watch.js';
import { ProgressDisplay } from './progress-display.js';
import { printTable } from './table.js';
import { TextIndexer } from './text-indexer.js';

/**
 * @typedef {import('procxy').Procxy<TextIndexer>} IndexerProxy
 * @typedef {(done: number, total: number) => void} OnProgress
 */

const FOLDER = fileURLToPath(new URL('../node_modules', import.meta.url));
const MAX_BYTES = Number(process.argv[2] ?? 12) * 1e6;
const QUERY = 'spawn child process';

console.log('A full-text index of the .d.ts and .md files under node_modules, made twice:\n');
const local = await measure('in process', inProcess);
const remote = await measure('through procxy', throughProcxy);

const integer = new Intl.NumberFormat('en-US').format;
/** @param {number} value */
const milliseconds = (value) => `${integer(Math.round(value))} ms`;

console.log();
printTable([
  ['', 'in process', 'through procxy'],
  ['time taken', milliseconds(local.time), milliseconds(remote.time)],
  ['worst stall of the main event loop', milliseconds(local.worstStall), milliseconds(remote.worstStall)],
  ['timer turns meanwhile', integer(local.timerTurns), integer(remote.timerTurns)],
  ['files', integer(local.result.files), integer(remote.result.files)],
  ['words', integer(local.result.words), integer(remote.result.words)],
  ['distinct terms', integer(local.result.terms), integer(remote.result.terms)],
  [`top hits for "${QUERY}"`],
  ...local.result.hits.map(({ file, score }, rank) => [
    `  ${file}`,
    score.toFixed(3),
    remote.result.hits[rank]?.score.toFixed(3) ?? '-',
  ]),
]);

const identical = isDeepStrictEqual(local.result, remote.result);
console.log(`\nBoth results were compared in full: they are ${identical ? 'identical' : 'DIFFERENT'}.`);
if (!identical) process.exitCode = 1;

/** @param {OnProgress} onProgress */
function inProcess(onProgress) {
  return useIndexer(new TextIndexer(), onProgress);
}

/** @param {OnProgress} onProgress */
async function throughProcxy(onProgress) {
  // Without its path the module is found as well: by asking V8, which halts the main event loop for some 50 ms.
  const indexer = await procxy(TextIndexer, './text-indexer.js');
  // From Node 24 on, `await using indexer = …` does without the `try`.
  try {
    return await useIndexer(indexer, onProgress);
  } finally {
    await indexer.$terminate();
  }
}

/**
 * Cannot tell which of the two it was given.
 *
 * @param {TextIndexer | IndexerProxy} indexer
 * @param {OnProgress} onProgress
 */
async function useIndexer(indexer, onProgress) {
  indexer.on('progress', onProgress);
  const summary = await indexer.index(FOLDER, MAX_BYTES);
  return { ...summary, hits: await indexer.search(QUERY, 3) };
}

/**
 * The time is that of everything: of the child's start and end, too.
 *
 * @template T
 * @param {string} label
 * @param {(onProgress: OnProgress) => Promise<T>} run
 */
async function measure(label, run) {
  const display = new ProgressDisplay(label);
  const loop = await watchEventLoop();
  const start = performance.now();
  try {
    const result = await run((done, total) => display.progress(done, total));
    const time = performance.now() - start;
    return { time, result, ...(await loop.stop()) };
  } finally {
    display.end();
  }
}
