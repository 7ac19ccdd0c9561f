/**
 * The demo: the same class does the same work in a child, in a pool of children, and in this process.
 *
 *     npm run demo          indexes 8 MB of text, or what there is
 *     npm run demo -- 3     only 3 MB of it
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { procxy, procxyPool } from 'procxy';
import { watchEventLoop } from './event-loop-watch.js';
import { ProgressDisplay } from './progress-display.js';
import { printTable } from './table.js';
import { best, TextIndexer } from './text-indexer.js';

/**
 * @typedef {import('procxy').Procxy<TextIndexer>} IndexerProxy
 * @typedef {(done: number, total: number) => void} OnProgress
 * @typedef {{ files: number, words: number, hits: import('./text-indexer.js').Hit[] }} Result
 * @typedef {{ result: Result, children: number[] }} Outcome with the memory of each child, in bytes
 */

const FOLDER = fileURLToPath(new URL('../node_modules', import.meta.url));
const MAX_BYTES = Number(process.argv[2] ?? 8) * 1e6;
const QUERY = 'spawn child process';
const HITS = 3;
const POOL_SIZE = Math.min(4, availableParallelism());
/** More parts than instances: one that is ready early takes another. */
const PARTS = 4 * POOL_SIZE;
/** A line with a path fits into 80 columns. */
const LONGEST_PATH = 70;

console.log('A full-text index of the .d.ts and .md files in node_modules, made three times.');
console.log('The wheel at the end turns while the event loop of this process is free.\n');
// In this process comes last, since its memory does not become small again.
const child = await measure('in a child', inChild);
const pool = await measure(`in a pool of ${POOL_SIZE}`, inPool);
const here = await measure('in this process', inThisProcess);

const runs = [here, child, pool];
const integer = new Intl.NumberFormat('en-US').format;
/** @param {number} value */
const milliseconds = (value) => `${integer(Math.round(value))} ms`;
/** @param {number} bytes */
const megabytes = (bytes) => `${integer(Math.round(bytes / 1e6))} MB`;

console.log();
printTable(
  [
    ['time, with start and end', ...runs.map(({ time }) => milliseconds(time))],
    ['longest pause of the event loop', ...runs.map(({ worstStall }) => milliseconds(worstStall))],
    ['turns of a 10 ms timer meanwhile', ...runs.map(({ timerTurns }) => integer(timerTurns))],
    ['memory of this process', ...runs.map(({ memory }) => megabytes(memory))],
    ['memory of the children', ...runs.map(({ children }) => (children.length > 0 ? megabytes(sum(children)) : '-'))],
    ['files', ...runs.map(({ result }) => integer(result.files))],
    ['words', ...runs.map(({ result }) => integer(result.words))],
  ],
  ['', ...runs.map(({ label }) => label)],
);

console.log(`\nThe best files for "${QUERY}":`);
for (const { file, score } of here.result.hits) console.log(`  ${score.toFixed(2).padStart(5)}  ${shortened(file)}`);

const identical = isDeepStrictEqual(here.result, child.result) && isDeepStrictEqual(here.result, pool.result);
console.log(`\nThe three results were compared in full: they are ${identical ? 'identical' : 'DIFFERENT'}.`);
if (!identical) process.exitCode = 1;

/** @param {OnProgress} onProgress @returns {Promise<Outcome>} */
async function inThisProcess(onProgress) {
  return { result: await useIndexer(new TextIndexer(), onProgress), children: [] };
}

/** @param {OnProgress} onProgress @returns {Promise<Outcome>} */
async function inChild(onProgress) {
  // Without its path the module is found as well: by asking V8, which halts the main event loop for some 50 ms.
  const indexer = await procxy(TextIndexer, './text-indexer.js');
  // From Node 24 on, `await using indexer = …` does without the `try`.
  try {
    return { result: await useIndexer(indexer, onProgress), children: [await indexer.memory()] };
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
  return { ...summary, hits: await indexer.search(QUERY, HITS) };
}

/** @param {OnProgress} onProgress @returns {Promise<Outcome>} */
async function inPool(onProgress) {
  const indexers = await procxyPool(TextIndexer, './text-indexer.js', { size: POOL_SIZE });
  try {
    indexers.on('progress', onProgress);
    const parts = Array.from({ length: PARTS }, (_, part) => indexers.index(FOLDER, MAX_BYTES, part, PARTS));
    const summaries = await Promise.all(parts);
    const hits = valuesOf(await indexers.$all.search(QUERY, HITS)).flat();
    const files = sum(summaries.map((summary) => summary.files));
    const words = sum(summaries.map((summary) => summary.words));
    return { result: { files, words, hits: best(hits, HITS) }, children: valuesOf(await indexers.$all.memory()) };
  } finally {
    await indexers.$terminate();
  }
}

/**
 * The time is that of everything: of the start and the end of children, too.
 *
 * @param {string} label
 * @param {(onProgress: OnProgress) => Promise<Outcome>} run
 */
async function measure(label, run) {
  const display = new ProgressDisplay(label);
  const loop = await watchEventLoop();
  const start = performance.now();
  let done = 0;
  try {
    const outcome = await run((bytes, total) => display.progress((done += bytes), total));
    const time = performance.now() - start;
    return { label, time, ...outcome, memory: process.memoryUsage.rss(), ...(await loop.stop()) };
  } finally {
    display.end();
  }
}

/**
 * @template T
 * @param {PromiseSettledResult<T>[]} results
 */
function valuesOf(results) {
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** @param {string} path */
function shortened(path) {
  return path.length > LONGEST_PATH ? `…${path.slice(1 - LONGEST_PATH)}` : path;
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
