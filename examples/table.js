import { styleText } from 'node:util';

/** Between two columns. */
const GAP = 2;
/** A longer figure does not make its column wider. */
const WIDEST_FIGURE = 20;

/**
 * Prints labels on the left and figures on the right, each column as wide as its widest cell.
 *
 * @param {string[][]} rows a label, then figures
 * @param {string[]} [header] of the same form
 */
export function printTable(rows, header) {
  const lines = header ? [header, ...rows] : rows;
  /** @type {number[]} */
  const widths = [];
  for (const cells of lines) {
    for (const [column, { length }] of cells.entries()) {
      if (column === 0 || length <= WIDEST_FIGURE) widths[column] = Math.max(widths[column] ?? 0, length);
    }
  }
  /** @param {string[]} cells */
  const lineOf = ([label = '', ...figures]) => {
    const aligned = figures.map((figure, index) => figure.padStart((widths[index + 1] ?? 0) + GAP));
    return [label.padEnd(widths[0] ?? 0), ...aligned].join('').trimEnd();
  };
  if (header) {
    const total = widths.reduce((sum, width) => sum + GAP + width);
    console.log(`${inBold(lineOf(header))}\n${'─'.repeat(total)}`);
  }
  for (const cells of rows) console.log(lineOf(cells));
}

/** @param {string} text */
function inBold(text) {
  // It has no colors in a pipe or a file, on a dumb terminal, or with NO_COLOR.
  return process.stdout.isTTY && process.stdout.hasColors() ? styleText('bold', text) : text;
}
