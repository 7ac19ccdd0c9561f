import { expect, test } from 'vitest';
import { judge, leadsOf, summarize, type Results } from './results.js';
import { rows, type Row } from './rows.js';

const rowOf = (id: string): Row => rows.find((row) => row.id === id) ?? expect.unreachable(`no row ${id}`);

function resultsOf(samples: Results['samples']): Results {
  return {
    date: '2026-11-25T00:00:00.000Z',
    node: process.version,
    machine: { cpu: 'any', cores: 2, memory: '8 GB', system: 'any', load: 0 },
    cores: [0, 1],
    versions: {},
    times: { warmUp: 1, time: 1 },
    samples,
  };
}

test('a ratio compares two works of one round, and leaves a round out in which either failed', () => {
  const row = rowOf('window-64');
  const results = resultsOf({ [row.id]: { raw: [100, 10, null, 1000], procxy: [200, 30, 7, null] } });
  const procxy = summarize(row, results).find(({ entrant }) => entrant === 'procxy');
  expect(procxy).toMatchObject({ median: 30, ratio: 2.5, ratioQuartiles: [2.25, 2.75] });
});

test('a goal is reached above its limit for a rate, and below it for a time', () => {
  const samples = { raw: [100], procxy: [250] };
  const [rate, time] = [rowOf('window-64'), rowOf('alone-one-core')];
  expect(judge(rate, resultsOf({ [rate.id]: samples }))).toMatchObject([{ sign: '≥', value: 2.5, isReached: true }]);
  expect(judge(time, resultsOf({ [time.id]: samples }))[0]).toMatchObject({ sign: '≤', value: 2.5, isReached: false });
});

test('the best peer is the fastest library besides raw and this one', () => {
  const row = rowOf('in-flight-json');
  const samples = { raw: [1000], procxy: [400], birpc: [50], 'comlink (thread)': [1], 'piscina (thread)': [200] };
  expect(judge(row, resultsOf({ [row.id]: samples }))[1]).toMatchObject({ value: 2, isReached: false });
});

test('a goal without a sample is missed', () => {
  const row = rowOf('window-64');
  expect(judge(row, resultsOf({ [row.id]: { raw: [100], procxy: [null] } }))).toMatchObject([{ isReached: false }]);
});

test('a lead is the ratio to the best peer on processes, above 1 if this library is better', () => {
  const [rate, time] = [rowOf('in-flight-json'), rowOf('alone-one-core')];
  const samples = { raw: [1000], procxy: [400], birpc: [200], 'jest-worker': [50], 'comlink (thread)': [9000] };
  expect(leadsOf(rate, resultsOf({ [rate.id]: samples }))).toEqual([{ entrant: 'procxy', peer: 'birpc', ratio: 2 }]);
  expect(leadsOf(time, resultsOf({ [time.id]: samples }))).toEqual([
    { entrant: 'procxy', peer: 'jest-worker', ratio: 0.125 },
  ]);
});
