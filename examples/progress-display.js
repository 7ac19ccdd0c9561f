import { clearLine, cursorTo } from 'node:readline';

const BAR_WIDTH = 40;
const LABEL_WIDTH = 16;
const FRAME_MS = 80;
const SPINNER = ['|', '/', '-', '\\'];
/** How far it must have come for another line, where lines cannot be redrawn. */
const LINE_STEP = 0.25;

/** Shows how far one piece of work has come: a bar on a terminal, a few plain lines in a file or a pipe. */
export class ProgressDisplay {
  #label;
  #out;
  #ratio = 0;
  #frame = 0;
  #nextLine = LINE_STEP;
  /** @type {NodeJS.Timeout | undefined} */
  #animation;

  /** @param {string} label */
  constructor(label, out = process.stdout) {
    this.#label = label.padEnd(LABEL_WIDTH);
    this.#out = out;
    if (!out.isTTY) return;
    this.#draw(SPINNER[0]);
    // The spinner turns as smoothly as the event loop does.
    this.#animation = setInterval(() => this.#draw(SPINNER[++this.#frame % SPINNER.length]), FRAME_MS);
  }

  /** @param {number} done @param {number} total */
  progress(done, total) {
    this.#ratio = total === 0 ? 0 : done / total;
    if (!this.#out.isTTY) this.#printStep();
  }

  end() {
    if (!this.#out.isTTY) return;
    clearInterval(this.#animation);
    this.#draw(' ');
    this.#out.write('\n');
  }

  /** @param {string | undefined} spinner */
  #draw(spinner) {
    const bar = '#'.repeat(Math.round(this.#ratio * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
    const line = `${this.#label} [${bar}] ${this.#percent()} ${spinner}`;
    cursorTo(this.#out, 0);
    // A line that wraps could not be redrawn. A terminal of unknown width says 0.
    this.#out.write(line.slice(0, (this.#out.columns || 80) - 1));
    clearLine(this.#out, 1);
  }

  #printStep() {
    if (this.#ratio < this.#nextLine) return;
    this.#out.write(`${this.#label} ${this.#percent()}\n`);
    this.#nextLine = (Math.floor(this.#ratio / LINE_STEP) + 1) * LINE_STEP;
  }

  #percent() {
    return `${String(Math.floor(this.#ratio * 100)).padStart(3)} %`;
  }
}
