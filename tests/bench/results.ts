/** What a run of `npm run bench` has found, as it is written to `results/`, and what follows from it. */
import { isPeer, isProcessPeer, PROCXY, RAW, rows, type Goal, type Row } from './rows.js';
import { median, quantile } from './statistics.js';

export interface Results {
  /** Of the start, ISO 8601. */
  date: string;
  node: string;
  /** `load`: the average of the minute before the run. */
  machine: { cpu: string; cores: number; memory: string; system: string; load: number };
  /** The cores that the contestants ran on; none where `taskset` is missing, and nothing was pinned. */
  cores: number[];
  /** Of the contestants' packages. */
  versions: Record<string, string>;
  /** ms, of each sample that is a rate. */
  times: { warmUp: number; time: number };
  /** By the row's id and the entrant's name: one sample a round, in the unit of the row; `null` where it failed. */
  samples: Record<string, Record<string, (number | null)[]>>;
}

export interface Summary {
  entrant: string;
  median: number;
  quartiles: [number, number];
  /** Median of the ratios to raw, each within one round. */
  ratio: number;
  ratioQuartiles: [number, number];
}

export interface Verdict {
  goal: Goal;
  /** `≤` where less is better. */
  sign: '≤' | '≥';
  value: number;
  isReached: boolean;
}

export const isLessBetter = (row: Row): boolean => row.unit !== '/s';

/** The rows that a run has samples of. */
export const rowsOf = (results: Results): Row[] => rows.filter(({ id }) => id in results.samples);

export function summarize(row: Row, results: Results): Summary[] {
  return row.entrants.flatMap(({ name }) => {
    const samples = samplesOf(row, name, results);
    const measured = samples.filter((sample) => !Number.isNaN(sample));
    if (measured.length === 0) return [];
    const ratios = pairwise(samples, samplesOf(row, RAW, results), (own, other) => own / other);
    return {
      entrant: name,
      median: median(measured),
      quartiles: quartilesOf(measured),
      ratio: median(ratios),
      ratioQuartiles: quartilesOf(ratios),
    };
  });
}

export function judge(row: Row, results: Results): Verdict[] {
  const sign = isLessBetter(row) ? '≤' : '≥';
  return row.goals.map((goal) => {
    const value = compare(goal, row, results);
    return { goal, sign, value, isReached: sign === '≤' ? value <= goal.limit : value >= goal.limit };
  });
}

/** How an entrant of this library did beside the peer on processes that did best. */
export interface Lead {
  entrant: string;
  peer: string;
  /** How many times as fast it is, or how much less it takes: above 1, it is ahead. */
  ratio: number;
}

/** The leads of this library's entrants, or `[]` if the row has no peer on processes. */
export function leadsOf(row: Row, results: Results): Lead[] {
  const better = isLessBetter(row)
    ? (own: number, peer: number) => peer / own
    : (own: number, peer: number) => own / peer;
  return row.entrants
    .filter(({ name }) => name.startsWith(PROCXY))
    .flatMap(({ name: entrant }) => {
      const own = samplesOf(row, entrant, results);
      const leads = row.entrants
        .filter(({ name }) => isProcessPeer(name))
        .map(({ name }): Lead => {
          const ratios = pairwise(own, samplesOf(row, name, results), better);
          return { entrant, peer: name, ratio: ratios.length > 0 ? median(ratios) : NaN };
        })
        .filter(({ ratio }) => !Number.isNaN(ratio))
        .toSorted((one, other) => one.ratio - other.ratio);
      return leads.slice(0, 1);
    });
}

function compare({ entrant, of }: Goal, row: Row, results: Results): number {
  const own = samplesOf(row, entrant, results);
  const raw = samplesOf(row, RAW, results);
  if (of === 'value') return median(own);
  if (of === 'above raw') return median(pairwise(own, raw, (value, other) => value - other));
  if (of === '× raw') return median(pairwise(own, raw, (value, other) => value / other));
  const ratios = row.entrants
    .filter(({ name }) => isPeer(name))
    .map(({ name }) => median(pairwise(own, samplesOf(row, name, results), (value, other) => value / other)))
    .filter((ratio) => !Number.isNaN(ratio));
  if (ratios.length === 0) return NaN;
  return isLessBetter(row) ? Math.max(...ratios) : Math.min(...ratios);
}

function samplesOf(row: Row, entrant: string, results: Results): number[] {
  return (results.samples[row.id]?.[entrant] ?? []).map((sample) => sample ?? NaN);
}

/** What the samples of the same round make together. */
function pairwise(own: number[], others: number[], combine: (own: number, other: number) => number): number[] {
  return own.map((value, round) => combine(value, others[round] ?? NaN)).filter((value) => !Number.isNaN(value));
}

const quartilesOf = (values: number[]): [number, number] => [quantile(values, 0.25), quantile(values, 0.75)];
