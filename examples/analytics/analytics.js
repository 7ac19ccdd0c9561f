/**
 * @typedef {import('./visits.js').Campaign} Campaign
 * @typedef {import('./visits.js').Visitor} Visitor
 *
 * @typedef {object} Summary
 * @property {Campaign} campaign
 * @property {Date} lastVisit
 * @property {Set<string>} pagesOfAll that every visitor has seen
 * @property {Map<string, number>} views of each page, the most seen one first
 * @property {Visitor} mostLoyal
 */

/** Works on Maps, Sets and Dates as if they had never left the process. */
export class Analytics {
  /**
   * @param {Map<string, Visitor>} visitors
   * @returns {Map<string, Summary>} by the campaigns' names
   */
  summarize(visitors) {
    // One entry a campaign, since those of visitors that share one are a single object here too.
    const campaigns = new Set([...visitors.values()].map(({ campaign }) => campaign));
    return new Map([...campaigns].map((campaign) => [campaign.name, summary(campaign)]));
  }
}

/** @param {Campaign} campaign @returns {Summary} */
function summary(campaign) {
  const visitors = [...campaign.visitors];
  const views = new Map();
  for (const page of visitors.flatMap(({ pages }) => [...pages])) views.set(page, (views.get(page) ?? 0) + 1);
  const ranking = [...views].toSorted(([, a], [, b]) => b - a);
  return {
    campaign,
    lastVisit: new Date(Math.max(...visitors.flatMap(({ visits }) => visits.map(Number)))),
    pagesOfAll: new Set(ranking.filter(([, count]) => count === visitors.length).map(([page]) => page)),
    views: new Map(ranking),
    mostLoyal: visitors.reduce((best, visitor) => (visitor.visits.length > best.visits.length ? visitor : best)),
  };
}
