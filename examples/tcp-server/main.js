/**
 * An HTTP server whose connections are served by child processes. Under load one of them is killed; the service goes on.
 *
 *     node examples/tcp-server/main.js        two children
 *     node examples/tcp-server/main.js 4      four
 */
import { printTable } from '../table.js';
import { Balancer } from './balancer.js';
import { Load } from './load.js';

const CHILDREN = Number(process.argv[2] ?? 2);
const ROUND = { requests: 4000, connections: 20, requestsPerConnection: 10 };
const VICTIM = 'child 2';
const REPLACEMENT = `child ${CHILDREN + 1}`;
/** How many answers the victim is left, and how many the replacement must give. */
const ANSWERS = 500;

const balancer = new Balancer();
const port = await balancer.listen(CHILDREN);
console.log(`${CHILDREN} children serve the connections to port ${port}. ${VICTIM} will be killed under load.\n`);

const load = new Load(`http://127.0.0.1:${port}`, (name, count) => {
  if (name === VICTIM && count === ANSWERS) kill(VICTIM);
});
do await load.run(ROUND);
while ((load.answersOf.get(REPLACEMENT) ?? 0) < ANSWERS);

const living = new Map();
for (const [name, child] of balancer.children) living.set(name, await child.counts());
await balancer.close();

const integer = new Intl.NumberFormat('en-US').format;
printTable(
  [...load.answersOf].toSorted().map(([name, answers]) => {
    const { connections, requests } = living.get(name) ?? {};
    const label = { [VICTIM]: `${name}, killed`, [REPLACEMENT]: `${name}, its replacement` }[name] ?? name;
    return [label, ...[connections, requests, answers].map((count) => (count === undefined ? '?' : integer(count)))];
  }),
  ['', 'connections', 'requests', 'answers'],
);
console.log('Connections and requests are counted by the child, answers by the client.\n');

printTable([
  ['requests sent', integer(load.sent)],
  ['answered with a status of 2xx', integer(load.answered)],
  ['answered with another status', integer(load.otherStatus)],
  ['never answered', integer(load.lost)],
  ['connection errors at the client', integer(load.connectionErrors)],
  ['timeouts at the client', integer(load.timeouts)],
  ['connections lost on their way', integer(balancer.lostOnTheWay)],
  ['connections that another child took', integer(balancer.takenByAnother)],
]);

const allAnswered = [...living].every(([name, { requests }]) => load.answersOf.get(name) === requests);
console.log(
  `\nWhat is lost was in ${VICTIM}, or on its way there, when it was killed. ` +
    `The others answered ${allAnswered ? 'every request they got' : 'NOT ALL THEIR REQUESTS'}.`,
);
if (!allAnswered) process.exitCode = 1;

/** @param {string} name */
function kill(name) {
  new Map(balancer.children).get(name)?.$process.kill('SIGKILL');
}
