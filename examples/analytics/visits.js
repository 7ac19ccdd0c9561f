/**
 * @typedef {object} Campaign
 * @property {string} name
 * @property {Date} started
 * @property {Set<Visitor>} visitors
 *
 * @typedef {object} Visitor
 * @property {string} id
 * @property {Campaign} campaign whose set of visitors holds this one: a cycle
 * @property {Date[]} visits
 * @property {Set<string>} pages
 */

const CAMPAIGNS = ['newsletter', 'podcast', 'poster'];
const PAGES = ['/', '/docs', '/pricing', '/blog', '/download', '/jobs'];
const DAY = 24 * 60 * 60 * 1000;
const START = Date.UTC(2025, 2, 1);

/**
 * What a web site might know of its visitors, the same on every run.
 *
 * @param {number} count
 * @returns {Map<string, Visitor>} by the visitors' ids
 */
export function makeVisitors(count) {
  /** @type {Campaign[]} */
  const campaigns = CAMPAIGNS.map((name, i) => ({ name, started: new Date(START + i * 7 * DAY), visitors: new Set() }));
  const visitors = new Map();
  for (let i = 0; i < count; i++) {
    const campaign = /** @type {Campaign} */ (campaigns[((i * i) % 7) % campaigns.length]);
    const first = campaign.started.getTime() + ((i * 7919) % 60) * (DAY / 4);
    const visitor = {
      id: `visitor ${i}`,
      campaign,
      visits: Array.from({ length: 1 + (i % 4) }, (_, visit) => new Date(first + visit * (i % 5) * DAY)),
      pages: new Set(PAGES.filter((_, page) => (i * 31 + page * 17) % (page + 1) === 0)),
    };
    campaign.visitors.add(visitor);
    visitors.set(visitor.id, visitor);
  }
  return visitors;
}
