/** The results in words and figures: for the console and for the documentation. */
import { judge, leadsOf, rowsOf, summarize, type Results, type Summary, type Verdict } from './results.js';
import { isPeer, PROCXY, RAW, type Row } from './rows.js';

/** The first three digits, thousands apart. */
const figure = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 });

const isOwn = ({ entrant }: Summary): boolean => entrant.startsWith(PROCXY);

export function printRow(row: Row, results: Results): void {
  console.log(`${row.title} (${row.layout})`);
  for (const { entrant, median, quartiles, ratio } of summarize(row, results)) {
    const value = `${figure(median).padStart(10)} ${row.unit.padEnd(3)}`;
    const spread = quartiles.map(figure).join(' – ').padStart(20);
    console.log(`  ${entrant.padEnd(22)}${value}${spread}  ${ratio.toFixed(2).padStart(6)} × raw`);
  }
  for (const verdict of judge(row, results)) {
    const outcome = verdict.isReached ? 'reached' : 'MISSED ';
    console.log(`  ${outcome}  ${verdict.goal.entrant}: ${found(verdict, row)}, goal ${wanted(verdict, row)}`);
  }
  for (const { entrant, peer, ratio } of leadsOf(row, results)) {
    console.log(`  ${ratio > 1 ? 'ahead  ' : 'BEHIND '}  ${entrant}: ${ratio.toFixed(2)} × as good as ${peer}`);
  }
  console.log();
}

/** Markdown: a line for each work, and one for each further way in which this library did it. */
export function tableOf(results: Results): string {
  const lines = rowsOf(results).flatMap((row) => {
    const summaries = summarize(row, results);
    const verdicts = judge(row, results);
    const leads = leadsOf(row, results);
    const withUnit = ({ median }: Summary): string => `${figure(median)} ${row.unit}`;
    return summaries.filter(isOwn).map((own, index) => {
      const goals = verdicts.filter(({ goal }) => goal.entrant === own.entrant);
      const lead = leads.find(({ entrant }) => entrant === own.entrant);
      const raw = summaries.find(({ entrant }) => entrant === RAW);
      return [
        index === 0 ? row.title : `– ${own.entrant.slice(`${PROCXY}, `.length)}`,
        index === 0 && raw ? withUnit(raw) : '',
        withUnit(own),
        `${own.ratio.toFixed(2)} × (${own.ratioQuartiles.map((ratio) => ratio.toFixed(2)).join('–')})`,
        goals
          .map((verdict) => `${wanted(verdict, row)}: ${verdict.isReached ? 'reached' : `**${found(verdict, row)}**`}`)
          .join('; '),
        lead ? `${lead.ratio > 1 ? 'ahead' : '**behind**'}: ${lead.ratio.toFixed(2)} × ${lead.peer}` : '',
        index === 0
          ? summaries
              .filter(({ entrant }) => isPeer(entrant))
              .map((peer) => `${peer.entrant} ${figure(peer.median)}`)
              .join(', ')
          : '',
      ];
    });
  });
  const head = ['work', 'raw', 'procxy', 'to raw', 'goal', 'best peer on processes', 'peers'];
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function found({ goal, value }: Verdict, row: Row): string {
  return `${value.toFixed(2)} ${measureOf(goal.of, row)}`;
}

function wanted({ goal, sign }: Verdict, row: Row): string {
  return `${sign} ${goal.limit} ${measureOf(goal.of, row)}`;
}

function measureOf(of: Verdict['goal']['of'], { unit }: Row): string {
  if (of === 'value') return unit;
  return of === 'above raw' ? `${unit} ${of}` : of;
}
