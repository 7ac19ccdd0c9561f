import { clearLine, cursorTo } from 'node:readline';

const BAR_WIDTH = 40;
const LABEL_WIDTH = 16;
const FRAME_MS = 80;
/** The shortest time from one picture to the next, in ms. */
const REDRAW_MS = 30;
const SPINNER = ['|', '/', '-', '\\'];
/** How far it must have come for another line, where lines cannot be redrawn. */
const LINE_STEP = 0.25;

/** Shows how far one piece of work has come: a bar on a terminal, a few plain lines in a file or a pipe. */
export class ProgressDisplay {
  #label;
  #out;
  #start = performance.now();
  #ratio = 0;
  #frame = 0;
  #drawnAt = 0;
  #nextLine = LINE_STEP;
  /** @type {NodeJS.Timeout | undefined} */
  #animation;

  /** @param {string} label */
  constructor(label, out = process.stdout) {
    this.#label = label.padEnd(LABEL_WIDTH);
    this.#out = out;
    if (!out.isTTY) return;
    this.#draw();
    // The spinner turns as smoothly as the event loop does.
    this.#animation = setInterval(() => {
      this.#frame++;
      this.#draw();
    }, FRAME_MS);
  }

  /** @param {number} done @param {number} total */
  progress(done, total) {
    this.#ratio = total === 0 ? 0 : done / total;
    if (!this.#out.isTTY) this.#printStep();
    else if (performance.now() - this.#drawnAt >= REDRAW_MS) this.#draw();
  }

  end() {
    if (!this.#out.isTTY) return;
    clearInterval(this.#animation);
    this.#draw(' ');
    this.#out.write('\n');
  }

  #draw(spinner = SPINNER[this.#frame % SPINNER.length]) {
    const seconds = `${((performance.now() - this.#start) / 1000).toFixed(1)} s`;
    const figures = ` ${this.#percent()} ${seconds.padStart(7)} ${spinner}`;
    // A line that wraps could not be redrawn. A terminal of unknown width says 0.
    const columns = (this.#out.columns || 80) - 1;
    const width = Math.max(0, Math.min(BAR_WIDTH, columns - this.#label.length - 1 - figures.length));
    const bar = '█'.repeat(Math.round(this.#ratio * width)).padEnd(width, '░');
    cursorTo(this.#out, 0);
    this.#out.write(`${this.#label} ${bar}${figures}`.slice(0, columns));
    clearLine(this.#out, 1);
    this.#drawnAt = performance.now();
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
