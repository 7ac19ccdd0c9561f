const MIN_LABEL_WIDTH = 36;
const NUMBER_WIDTH = 16;

/** @param {string[][]} rows a label, then figures */
export function printTable(rows) {
  const labels = rows.map(([label = '']) => label.length);
  const width = Math.max(MIN_LABEL_WIDTH, ...labels);
  for (const [label = '', ...figures] of rows) {
    const line = label.padEnd(width) + figures.map((figure) => figure.padStart(NUMBER_WIDTH)).join('');
    console.log(line.trimEnd());
  }
}
