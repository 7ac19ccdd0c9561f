/**
 * A Map of visitors, with Dates, Sets, shared references and cycles in it, is analyzed in a child process; a Map comes back.
 *
 *     node examples/analytics/main.js            of 3000 visitors
 *     node examples/analytics/main.js 50         of 50
 */
import { isDeepStrictEqual } from 'node:util';
import { procxy } from 'procxy';
import { printTable } from '../table.js';
import { Analytics } from './analytics.js';
import { makeVisitors } from './visits.js';

const visitors = makeVisitors(Number(process.argv[2] ?? 3000));

const analytics = await procxy(Analytics, './analytics.js', { serialization: 'advanced' });
const summaries = await analytics.summarize(visitors);
await analytics.$terminate();

printTable(
  [...summaries].map(([name, { campaign, lastVisit, views, pagesOfAll }]) => [
    name,
    String(campaign.visitors.size),
    /** @type {string} */ (lastVisit.toISOString().split('T')[0]),
    views.keys().next().value ?? '-',
    [...pagesOfAll].join(' ') || '-',
  ]),
  ['campaign', 'visitors', 'last visit', 'most seen', 'seen by all'],
);

const all = [...summaries.values()];
const facts = {
  'the summaries are a Map, with Dates, Sets and Maps in it': all.every(
    ({ lastVisit, pagesOfAll, views }) =>
      lastVisit instanceof Date && pagesOfAll instanceof Set && views instanceof Map,
  ),
  'every visitor came back': all.reduce((sum, { campaign }) => sum + campaign.visitors.size, 0) === visitors.size,
  'a shared reference is one object: the most loyal visitor is among those of the campaign': all.every(
    ({ campaign, mostLoyal }) => campaign.visitors.has(mostLoyal),
  ),
  "a cycle is closed: the campaign of a campaign's visitor is that campaign": all.every(({ campaign }) =>
    [...campaign.visitors].every((visitor) => visitor.campaign === campaign),
  ),
  'what came back is a copy': all.every(({ mostLoyal }) => mostLoyal !== visitors.get(mostLoyal.id)),
  'the same is found in this process': isDeepStrictEqual(summaries, new Analytics().summarize(visitors)),
};

console.log();
for (const [fact, holds] of Object.entries(facts)) console.log(`${holds ? 'yes' : 'NO '}  ${fact}`);
if (!Object.values(facts).every(Boolean)) process.exitCode = 1;
