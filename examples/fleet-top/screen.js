import { clearScreenDown, cursorTo } from 'node:readline';

/** @typedef {import('./fleet-watch.js').Look} Look */

/** What the terminal showed before comes back with the main screen. */
const ALTERNATE_SCREEN = '\u001b[?1049h';
const MAIN_SCREEN = '\u001b[?1049l';
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_TO_END_OF_LINE = '\u001b[K';
const BAR_WIDTH = 24;
/** Titles and widths of the table's columns. */
const COLUMNS = /** @type {const} */ ([
  ['pid', 8],
  ['state', 11],
  ['running', 9],
  ['calls', 9],
  ['restarts', 10],
  ['memory', 11],
  ['cpu', 8],
  ['loop', 8],
]);

const integer = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 }).format;
/** @param {number | undefined} bytes */
const megabytes = (bytes) => (bytes === undefined ? '' : `${(bytes / 1e6).toFixed(1)} MB`);
/** @param {number | undefined} share */
const percent = (share) => (share === undefined ? '' : `${integer(share * 100)} %`);

/**
 * The pool in lines of text, at most 76 characters each.
 *
 * @param {Look} look
 * @param {number} queueLimit how many waiting calls fill the bar
 */
export function linesOf({ stats, rows, callsPerSecond, longestWait }, queueLimit) {
  const { state, waiting, running, restarts } = stats;
  const filled = Math.min(Math.ceil((waiting / queueLimit) * BAR_WIDTH), BAR_WIDTH);
  const bar = '#'.repeat(filled).padEnd(BAR_WIDTH, '.');
  return [
    `${state}: ${integer(callsPerSecond)} calls/s, ${running} running, ${restarts} restarts`,
    `queue      [${bar}] ${integer(waiting)}, lately ${integer(longestWait)} ms at most`,
    `wait, ms   ${percentilesOf(stats.waitTime)}`,
    `run, ms    ${percentilesOf(stats.runTime)}`,
    '',
    COLUMNS.map(([title, width]) => title.padStart(width)).join(''),
    ...rows.map((row) => {
      const texts = [
        String(row.pid ?? ''),
        row.state,
        String(row.running),
        integer(row.calls),
        String(row.restarts),
        megabytes(row.rss),
        percent(row.cpu),
        percent(row.loop),
      ];
      return texts.map((text, index) => text.padStart(COLUMNS[index]?.[1] ?? 0)).join('');
    }),
  ];
}

/** The same in one line, for a log. @param {Look} look */
export function lineOf({ stats, rows, callsPerSecond }) {
  const memory = rows.reduce((sum, { rss = 0 }) => sum + rss, 0);
  return [
    `${integer(callsPerSecond)} calls/s`,
    `${integer(stats.waiting)} waiting`,
    `${stats.running} running in ${rows.length}`,
    `${stats.restarts} restarts`,
    megabytes(memory),
    `99 % waited ${integer(stats.waitTime.percentile(99))} ms, ran ${integer(stats.runTime.percentile(99))} ms`,
  ].join(', ');
}

/** @param {import('node:perf_hooks').Histogram} histogram in ms */
function percentilesOf(histogram) {
  const shares = [50, 90, 99].map((share) => [`${share} %`, histogram.percentile(share)]);
  const figures = histogram.count === 0 ? [] : [...shares, ['most', histogram.max]];
  return figures.map(([name, time]) => `${name} ${integer(Number(time))}`.padEnd(14)).join('');
}

/** Shows lines on a terminal, each time in the place of those before. */
export class Screen {
  #out;
  #close = () => this.close();

  constructor(out = process.stdout) {
    this.#out = out;
    out.write(`${ALTERNATE_SCREEN}${HIDE_CURSOR}`);
    process.once('exit', this.#close);
  }

  /** @param {string[]} lines */
  show(lines) {
    cursorTo(this.#out, 0, 0);
    const width = this.#out.columns || 80;
    const height = this.#out.rows || 24;
    for (const line of lines.slice(0, height - 1)) this.#out.write(`${line.slice(0, width)}${CLEAR_TO_END_OF_LINE}\n`);
    clearScreenDown(this.#out);
  }

  close() {
    process.off('exit', this.#close);
    this.#out.write(`${SHOW_CURSOR}${MAIN_SCREEN}`);
  }
}
