/** Puts the results where readers find them: the table and the plot of `docs/reference/benchmarks.md`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { draw } from './plot.js';
import type { Results } from './results.js';
import { tableOf } from './table.js';

const page = fileURLToPath(new URL('../../docs/reference/benchmarks.md', import.meta.url));
const BEGIN = '<!-- written by npm run bench -->';
const END = '<!-- end of what npm run bench has written -->';

export async function publish(results: Results): Promise<void> {
  draw(results);
  const text = readFileSync(page, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${page} has no place for the table: the lines\n${BEGIN}\n${END}`);
  const parts = [text.slice(0, begin + BEGIN.length), describe(results), tableOf(results), text.slice(end)];
  writeFileSync(page, await format(parts.join('\n\n'), { ...(await resolveConfig(page)), parser: 'markdown' }));
}

function describe({ date, node, machine, cores, samples }: Results): string {
  const rounds = Math.max(...Object.values(samples).flatMap((row) => Object.values(row).map(({ length }) => length)));
  const placement = cores.length > 0 ? '' : ' Nothing was pinned.';
  const { cpu, system, memory, load } = machine;
  return (
    `Node ${node.slice(1)}, ${system}, ${machine.cores} × ${cpu}, ${memory}; ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, ` +
    `${date.slice(0, 10)}; load of the machine before: ${load.toFixed(1)}.${placement}`
  );
}
