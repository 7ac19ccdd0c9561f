/** The plot of `docs/performance.md`, for light and for dark pages, drawn by Vega-Lite from the results. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLessBetter, rowsOf, summarize, type Results } from './results.js';
import { PROCXY, RAW } from './rows.js';

interface Theme {
  background: string;
  text: string;
  grid: string;
  own: string;
  processes: string;
  threads: string;
}

const themes: Record<'light' | 'dark', Theme> = {
  light: {
    background: '#ffffff',
    text: '#1f2328',
    grid: '#e3e8ed',
    own: '#0969da',
    processes: '#8c959f',
    threads: '#bc4c00',
  },
  dark: {
    background: '#0d1117',
    text: '#e6edf3',
    grid: '#262c36',
    own: '#58a6ff',
    processes: '#8b949e',
    threads: '#f0883e',
  },
};

type Group = 'procxy' | 'procxy, in another way' | 'goal' | 'peers on processes' | 'peers on threads';

interface Style {
  color: keyof Theme;
  /** Of Vega, or a path within a square from -1 to 1. */
  shape: string;
  /** Square pixels. */
  size: number;
}

const styles: Record<Group, Style> = {
  'peers on processes': { color: 'processes', shape: 'circle', size: 60 },
  'peers on threads': { color: 'threads', shape: 'diamond', size: 60 },
  goal: { color: 'own', shape: 'M-.12,-1H.12V1H-.12Z', size: 500 },
  'procxy, in another way': { color: 'own', shape: 'triangle-up', size: 110 },
  procxy: { color: 'own', shape: 'circle', size: 220 },
};
const GROUPS = Object.keys(styles) as Group[];
const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20];

interface Mark {
  work: string;
  /** Times as fast as raw. */
  speed: number;
  group: Group;
  label?: string;
}

function marksOf(results: Results): Mark[] {
  return rowsOf(results)
    .filter(({ unit }) => unit !== 'MB')
    .flatMap((row) => {
      const work = row.title.replaceAll('`', '');
      const speedOf = (ratio: number): number => (isLessBetter(row) ? 1 / ratio : ratio);
      const goal = row.goals.find(({ of, entrant }) => of === '× raw' && entrant === PROCXY);
      const marks = [
        ...(goal ? [{ work, speed: speedOf(goal.limit), group: 'goal' as const }] : []),
        ...summarize(row, results)
          .filter(({ entrant }) => entrant !== RAW)
          .map(({ entrant, ratio }): Mark => {
            const speed = speedOf(ratio);
            if (entrant === PROCXY) return { work, speed, group: 'procxy', label: `${speed.toFixed(2)} ×` };
            if (entrant.startsWith(PROCXY)) {
              return { work, speed, group: 'procxy, in another way', label: entrant.slice(`${PROCXY}, `.length) };
            }
            return { work, speed, group: entrant.includes('(thread)') ? 'peers on threads' : 'peers on processes' };
          }),
      ];
      // What is drawn later lies above.
      return marks.toSorted((one, other) => GROUPS.indexOf(one.group) - GROUPS.indexOf(other.group));
    });
}

function specification(marks: Mark[], theme: Theme): object {
  const styled = (range: (string | number)[]): object => ({
    field: 'group',
    type: 'nominal',
    scale: { domain: GROUPS, range },
    legend: { title: null, orient: 'top', columns: 3 },
  });
  const x = { field: 'speed', type: 'quantitative', scale: { type: 'log', nice: false, padding: 12 }, title: null };
  const y = { field: 'work', type: 'nominal', sort: null, title: null };
  const label = (group: Group, dy: number): object => ({
    transform: [{ filter: { field: 'group', equal: group } }],
    mark: { type: 'text', dy, fontSize: 11, fontWeight: 'bold', color: theme.own },
    encoding: { x, y, text: { field: 'label' } },
  });
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: {
      text: 'How many times as fast as bare process.send()',
      subtitle: 'medians; to the right is faster; the line at 1 is process.send()',
    },
    width: 600,
    height: { step: 40 },
    padding: 16,
    background: theme.background,
    data: { values: marks.map((mark) => ({ ...mark, size: styles[mark.group].size })) },
    layer: [
      {
        data: { values: [{ speed: 1 }] },
        mark: { type: 'rule', color: theme.text, strokeWidth: 1.5 },
        encoding: { x },
      },
      {
        mark: { type: 'point', filled: true, opacity: 1 },
        encoding: {
          x: { ...x, axis: { values: TICKS, labelExpr: "datum.value + ' ×'" } },
          y: { ...y, axis: { grid: true } },
          color: styled(GROUPS.map((group) => theme[styles[group].color])),
          shape: styled(GROUPS.map((group) => styles[group].shape)),
          size: { field: 'size', type: 'quantitative', scale: null },
        },
      },
      label('procxy', -16),
      label('procxy, in another way', 15),
    ],
    config: {
      font: 'system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif',
      view: { stroke: null },
      title: {
        color: theme.text,
        subtitleColor: theme.text,
        anchor: 'start',
        fontSize: 16,
        subtitleFontSize: 12,
        offset: 12,
      },
      axis: {
        labelLimit: 1000,
        labelColor: theme.text,
        gridColor: theme.grid,
        labelFontSize: 12,
        domainColor: theme.grid,
        tickColor: theme.grid,
      },
      axisY: { ticks: false, domain: false },
      legend: { labelColor: theme.text, labelFontSize: 12, labelLimit: 300 },
    },
  };
}

/** Writes `docs/performance-light.svg` and `docs/performance-dark.svg`. */
export function draw(results: Results): void {
  const program = fileURLToPath(new URL('contestants/node_modules/vega-lite/bin/vl2svg', import.meta.url));
  const marks = marksOf(results);
  const folder = mkdtempSync(join(tmpdir(), 'procxy-plot-'));
  try {
    for (const [name, theme] of Object.entries(themes)) {
      const input = join(folder, `${name}.json`);
      writeFileSync(input, JSON.stringify(specification(marks, theme)));
      const output = fileURLToPath(new URL(`../../docs/performance-${name}.svg`, import.meta.url));
      execFileSync(process.execPath, [program, input, output], { stdio: ['ignore', 'inherit', 'inherit'] });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
