/** The results in words and figures: for the console and for the documentation. */
import { judge, summarize, type Results, type Verdict } from './results.js';
import type { Row } from './rows.js';

/** Three digits that count, thousands apart. */
export function figure(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toLocaleString('en', { maximumFractionDigits: Math.min(digits, 2), maximumSignificantDigits: 4 });
}

export function printRow(row: Row, results: Results): void {
  console.log(`${row.title} (${row.layout})`);
  for (const { entrant, median, quartiles, ratio } of summarize(row, results)) {
    const spread = `${figure(quartiles[0])} – ${figure(quartiles[1])}`;
    console.log(
      `  ${entrant.padEnd(22)}${figure(median).padStart(10)} ${row.unit.padEnd(3)} ${spread.padStart(20)}  ${ratio.toFixed(2).padStart(6)} × raw`,
    );
  }
  for (const verdict of judge(row, results)) {
    console.log(`  ${verdict.isReached ? 'reached' : 'MISSED '}  ${inWords(verdict, row)}`);
  }
  console.log();
}

function inWords({ goal, sign, value }: Verdict, row: Row): string {
  const unit = goal.of === 'value' || goal.of === 'above raw' ? row.unit : '';
  const of = goal.of === 'value' ? '' : ` ${goal.of}`;
  return `${goal.entrant}: ${value.toFixed(2)} ${unit}${of}, goal ${sign} ${goal.limit} ${unit}`.replaceAll(/ +/g, ' ');
}
