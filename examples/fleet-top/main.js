/**
 * A live view of a pool under load, as `top` has it for processes. The load comes in waves. Every few seconds a child is killed, and
 * children that have grown too much are recycled.
 *
 *     node examples/fleet-top/main.js           until you press q
 *     node examples/fleet-top/main.js 10        for 10 seconds
 *     node examples/fleet-top/main.js | cat     plain lines, for 5 seconds
 */
import { ChildCrashedError, procxyPool, QueueFullError } from 'procxy';
import { FleetWatch } from './fleet-watch.js';
import { PasswordHasher } from './password-hasher.js';
import { lineOf, linesOf, Screen } from './screen.js';

const isLive = process.stdout.isTTY;
const DURATION = Number(process.argv[2] ?? (isLive ? Infinity : 5)) * 1000;
const LOOK_EVERY = isLive ? 500 : 1000;
const CALL_EVERY = 100;
/** ms from the least load to the most, and back. */
const WAVE = 10_000;
/** Calls in 100 ms at most. */
const CREST = 50;
const KILL_EVERY = isLive ? 3000 : 1500;
const MAX_QUEUE = 400;
const KEYS = 'k: kill a child   r: recycle all   + and -: resize   q: quit';

const pool = await procxyPool(PasswordHasher, './password-hasher.js', {
  size: 4,
  maxQueue: MAX_QUEUE,
  recycle: { rss: 100e6 },
  restart: { maxRestarts: 1000, minDelay: 200 },
  setup: (hasher) => hasher.prepare(),
});
const calls = { made: 0, answered: 0, refused: 0, lost: 0 };
const begun = performance.now();
let isEnding = false;
const watch = new FleetWatch(pool, PasswordHasher.name, ({ text }) => isLive || console.log(text));
const screen = isLive ? new Screen() : undefined;
const timers = [setInterval(makeCalls, CALL_EVERY), setInterval(killOne, KILL_EVERY), setInterval(show, LOOK_EVERY)];
if (isLive && process.stdin.isTTY) listenToKeys();
if (DURATION < Infinity) setTimeout(end, DURATION);

function makeCalls() {
  const height = (1 - Math.cos(((performance.now() - begun) / WAVE) * 2 * Math.PI)) / 2;
  for (let left = Math.ceil(CREST * height); left > 0; left--) void makeCall();
}

async function makeCall() {
  calls.made++;
  try {
    await pool.hash('correct horse battery staple', 5000 + Math.floor(Math.random() * 10_000));
    calls.answered++;
  } catch (error) {
    if (error instanceof QueueFullError) calls.refused++;
    else if (error instanceof ChildCrashedError) calls.lost++;
    else throw error;
  }
}

async function killOne() {
  const { instances } = await pool.$stats();
  const { pid } = instances[Math.floor(Math.random() * instances.length)] ?? {};
  if (pid) process.kill(pid, 'SIGKILL');
}

async function show() {
  const look = await watch.look();
  if (!screen) return console.log(lineOf(look));
  const news = watch.news.map(({ time, text }) => `${time.toLocaleTimeString('en-GB')}  ${text}`);
  screen.show([...linesOf(look, MAX_QUEUE), '', ...news, '', accountOfCalls(), KEYS]);
}

function accountOfCalls() {
  const { made, answered, refused, lost } = calls;
  const open = made - answered - refused - lost;
  return `${made} calls: ${answered} answered, ${open} open, ${refused} refused, ${lost} lost with a child`;
}

function listenToKeys() {
  /** @type {Record<string, () => unknown>} */
  const actions = {
    k: killOne,
    r: () => pool.$recycle(),
    '+': () => resize(1),
    '-': () => resize(-1),
    q: end,
    '\u0003': end,
  };
  process.stdin.setRawMode(true).setEncoding('utf8');
  process.stdin.on('data', (keys) => {
    for (const key of String(keys)) void perform(actions[key]);
  });
}

/** @param {(() => unknown) | undefined} action */
async function perform(action) {
  try {
    await action?.();
  } catch (error) {
    // The pool was closed meanwhile.
    if (!isEnding) throw error;
  }
}

/** @param {number} change */
async function resize(change) {
  const { instances } = await pool.$stats();
  await pool.$resize(Math.max(instances.length + change, 1));
}

async function end() {
  isEnding = true;
  timers.forEach(clearInterval);
  process.stdin.pause();
  await pool.$drain();
  const look = await watch.look();
  watch.close();
  screen?.close();
  console.log(`\n${[...linesOf(look, MAX_QUEUE).slice(0, 4), accountOfCalls()].join('\n')}`);
}
