/** Draws the picture at the top of the README: `tsx site/overview.ts` writes `docs/overview-light.svg` and `docs/overview-dark.svg`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Theme {
  text: string;
  faint: string;
  /** What the parent does. */
  parent: string;
  /** What the child does. */
  child: string;
}

export const themes: Readonly<Record<string, Theme>> = {
  light: { text: '#24292f', faint: '#d0d7de', parent: '#0a7d5a', child: '#4f5bd5' },
  dark: { text: '#e6edf3', faint: '#3d444d', parent: '#3fcf9b', child: '#97a1ff' },
};

const width = 760;
const height = 200;
/** The y of the middle of each process's line of time. */
const parentY = 64;
const childY = 148;
const bar = 18;
/** x where a call is made, where its callback runs, and where its result arrives. */
const [call, callback, result] = [190, 432, 640];
/** How far a message moves to the right on its way. */
const travel = 26;

/** Returns the picture as SVG: two processes over time, with a call, a callback and a result between them. */
export function overview({ text, faint, parent, child }: Theme): string {
  const requests = [220, 262, 304, 346, 388, 480, 522, 564, 606].map((x) => box(x, parentY, 22, parent, 0.55));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, monospace" font-size="13" fill="${text}">
  <title>Your process calls a method, goes on serving, and gets a callback and the result from the child process</title>
  <defs>
    <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="${text}"/></marker>
  </defs>
  ${line(parentY, faint)}
  ${line(childY, faint)}
  ${label(0, parentY, 'your process')}
  ${label(0, childY, 'child process')}
  ${box(150, parentY, 40, parent, 1)}
  ${requests.join('\n  ')}
  ${box(callback + travel, parentY, 16, parent, 1)}
  ${box(result + travel, parentY, 40, parent, 1)}
  ${box(call + travel, childY, result - call - travel, child, 1)}
  ${arrow(call, parentY + bar / 2, call + travel, childY - bar / 2, text)}
  ${arrow(callback, childY - bar / 2, callback + travel, parentY + bar / 2, text)}
  ${arrow(result, childY - bar / 2, result + travel, parentY + bar / 2, text)}
  ${label(150, 28, 'await report.write(onProgress)')}
  ${label(callback + 6, 28, 'onProgress(0.5)')}
  ${label(result - 10, 28, 'result')}
  ${label(238, 104, 'other requests are served', 'italic')}
  ${label(300, 182, 'write() runs')}
</svg>
`;
}

function line(y: number, color: string): string {
  return `<path d="M120 ${y}H${width}" stroke="${color}" stroke-width="2"/>`;
}

function box(x: number, y: number, size: number, color: string, opacity: number): string {
  return `<rect x="${x}" y="${y - bar / 2}" width="${size}" height="${bar}" rx="4" fill="${color}" fill-opacity="${opacity}"/>`;
}

function arrow(fromX: number, fromY: number, toX: number, toY: number, color: string): string {
  return `<path d="M${fromX} ${fromY}L${toX} ${toY}" stroke="${color}" stroke-width="1.5" marker-end="url(#tip)"/>`;
}

function label(x: number, y: number, words: string, style = 'normal'): string {
  return `<text x="${x}" y="${y + 4}" font-style="${style}">${words}</text>`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const docs = fileURLToPath(new URL('../docs', import.meta.url));
  for (const [name, theme] of Object.entries(themes)) {
    writeFileSync(join(docs, `overview-${name}.svg`), overview(theme));
  }
}
