/** What `npm run bench` measures: works, who takes part in each, and the goals of this library. */
import type { Settings } from './contestants/contestant.js';

/** Where the two halves of a contestant run: both on one core, one core each, or on two cores, wherever the system puts them. */
export type Layout = 'one core' | 'a core each' | 'two cores';

export interface Entrant {
  /** As it is shown. One name stands once in a row. */
  name: string;
  /** A file of `contestants/`, without `.js`. */
  contestant: string;
  settings: Settings & { enableCallbacks?: boolean };
  /** Done in place of the row's work. */
  work?: string;
}

/** What is held against the limit: the entrant's value by itself, by how much it is above raw's, or how many times a value it is. */
export type Comparison = 'value' | 'above raw' | '× raw' | '× the best peer';

export interface Goal {
  entrant: string;
  of: Comparison;
  limit: number;
}

export interface Row {
  id: string;
  title: string;
  layout: Layout;
  unit: 'µs' | 'ms' | 'MB' | '/s';
  /** A function of `contestants/works.js`, or `creation`. */
  work: string;
  workSettings?: Record<string, unknown>;
  entrants: Entrant[];
  goals: Goal[];
  /** Takes a million calls and varies little: one round, and none of a quick run. */
  isLong?: true;
}

/** The entrant that is 1.00 × in each row. */
export const RAW = 'raw';
export const PROCXY = 'procxy';

export const isPeer = (entrant: string): boolean => entrant !== RAW && !entrant.startsWith(PROCXY);
export const isProcessPeer = (entrant: string): boolean => isPeer(entrant) && !entrant.endsWith('(thread)');

const json: Settings = { serialization: 'json' };
const advanced: Settings = { serialization: 'advanced' };

const raw = (settings: Settings): Entrant => ({ name: RAW, contestant: 'raw', settings });
const own = (settings: Entrant['settings'], name = PROCXY): Entrant => ({ name, contestant: 'procxy', settings });
const birpc = (settings: Settings): Entrant => ({ name: 'birpc', contestant: 'birpc', settings });

const threads: Entrant[] = [
  { name: 'piscina (thread)', contestant: 'piscina', settings: {} },
  { name: 'comlink (thread)', contestant: 'comlink', settings: {} },
];
const workerpoolThread: Entrant = { name: 'workerpool (thread)', contestant: 'workerpool-thread', settings: {} };

const processes = (settings: Settings): Entrant[] => [
  birpc(settings),
  { name: 'jest-worker', contestant: 'jest-worker', settings },
  { name: 'workerpool', contestant: 'workerpool', settings },
  { name: 'tinypool', contestant: 'tinypool', settings },
];

const overSocket = (settings: Entrant['settings']): Entrant =>
  own({ ...settings, channel: 'socket' }, "procxy, channel: 'socket'");
const ownSync: Entrant = { ...own({ enableCallbacks: true }, 'procxy, sync()'), work: 'askSync' };
const everybody = [raw(json), own({}), ...processes(json), ...threads];
const atLeastRaw = (limit: number, entrant = PROCXY): Goal => ({ entrant, of: '× raw', limit });
const atMostRaw = atLeastRaw;

export const rows: Row[] = [
  {
    id: 'alone-one-core',
    title: 'one call at a time, both processes on one core',
    layout: 'one core',
    unit: 'µs',
    work: 'alone',
    entrants: [...everybody, overSocket({})],
    goals: [atMostRaw(1.1), atMostRaw(0.85, overSocket({}).name)],
  },
  {
    id: 'alone-busy-poll',
    title: 'one call at a time, on two cores, `busyPoll: 50`',
    layout: 'a core each',
    unit: 'µs',
    work: 'alone',
    entrants: [raw(json), own({ busyPoll: 50 }), own({}, 'procxy, no busyPoll'), ...processes(json), ...threads],
    goals: [atMostRaw(0.6)],
  },
  {
    id: 'in-flight-json',
    title: '10,000 calls in flight, JSON',
    layout: 'a core each',
    unit: '/s',
    work: 'inFlight',
    workSettings: { window: 10_000 },
    entrants: everybody,
    goals: [atLeastRaw(4.5), { entrant: PROCXY, of: '× the best peer', limit: 4 }],
  },
  {
    id: 'in-flight-advanced',
    title: '10,000 calls in flight, advanced',
    layout: 'a core each',
    unit: '/s',
    work: 'inFlight',
    workSettings: { window: 10_000 },
    entrants: [raw(advanced), own(advanced), ...processes(advanced)],
    goals: [atLeastRaw(7.5)],
  },
  {
    id: 'window-1000',
    title: 'windows of 1,000 calls, JSON',
    layout: 'a core each',
    unit: '/s',
    work: 'inFlight',
    workSettings: { window: 1000 },
    entrants: everybody,
    goals: [atLeastRaw(3.5)],
  },
  {
    id: 'window-64',
    title: 'windows of 64 calls, JSON',
    layout: 'a core each',
    unit: '/s',
    work: 'inFlight',
    workSettings: { window: 64 },
    entrants: everybody,
    goals: [atLeastRaw(2.2)],
  },
  ...[1000, 64].map((window): Row => ({
    id: `window-${window}-object`,
    title: `windows of ${window.toLocaleString('en')} calls with a small object, JSON`,
    layout: 'a core each',
    unit: '/s',
    work: 'inFlight',
    workSettings: { window, value: 'object' },
    entrants: [raw(json), own({}), birpc(json)],
    goals: window === 64 ? [atLeastRaw(1.5)] : [],
  })),
  {
    id: 'objects',
    title: '108 KB of small objects, JSON',
    layout: 'a core each',
    unit: '/s',
    work: 'inFlight',
    workSettings: { window: 1, value: 'objects' },
    entrants: everybody,
    goals: [atLeastRaw(0.95)],
  },
  ...(
    [
      ['buffer-64', 'a Buffer of 64 KB, advanced', 'sixtyFour', 1.3],
      ['buffer-1', 'a Buffer of 1 MB, advanced', 'megabyte', 1.4],
      ['buffer-16', 'a Buffer of 16 MB, advanced', 'sixteen', 2],
    ] as const
  ).map(([id, title, value, limit]): Row => ({
    id,
    title,
    layout: 'a core each',
    unit: '/s',
    work: 'inFlight',
    workSettings: { window: 1, value },
    entrants: [
      raw(advanced),
      own(advanced),
      overSocket(advanced),
      ...processes(advanced),
      ...threads,
      workerpoolThread,
    ],
    goals: [atLeastRaw(limit)],
  })),
  {
    id: 'fired',
    title: 'callbacks fired, not awaited, each answered',
    layout: 'a core each',
    unit: '/s',
    work: 'fire',
    entrants: [
      raw(json),
      own({ enableCallbacks: true }),
      birpc(json),
      { name: 'workerpool', contestant: 'workerpool', settings: json },
      { name: 'comlink (thread)', contestant: 'comlink', settings: {} },
    ],
    goals: [],
  },
  {
    id: 'asked',
    title: 'callbacks awaited one by one',
    layout: 'a core each',
    unit: '/s',
    work: 'ask',
    entrants: [
      raw(json),
      own({ enableCallbacks: true }),
      overSocket({ enableCallbacks: true }),
      own({ enableCallbacks: true, busyPoll: 50 }, 'procxy, busyPoll: 50'),
      ownSync,
      { ...own({ enableCallbacks: true, busyPoll: 50 }, 'procxy, sync() and busyPoll: 50'), work: 'askSync' },
      birpc(json),
      { name: 'comlink (thread)', contestant: 'comlink', settings: {} },
      { name: 'capnweb (thread)', contestant: 'capnweb', settings: {} },
    ],
    goals: [atLeastRaw(0.95), atLeastRaw(1.2, overSocket({}).name), atLeastRaw(1.2, ownSync.name)],
  },
  {
    id: 'asked-one-core',
    title: 'callbacks awaited one by one, both processes on one core',
    layout: 'one core',
    unit: '/s',
    work: 'ask',
    entrants: [raw(json), own({ enableCallbacks: true }), ownSync, birpc(json)],
    goals: [atLeastRaw(1.1, ownSync.name)],
  },
  {
    id: 'creation',
    title: 'creation to first result',
    layout: 'two cores',
    unit: 'ms',
    work: 'creation',
    entrants: [
      raw(json),
      own({}),
      own({ isWarm: true }, 'procxy, from a spare'),
      ...processes(json),
      ...threads,
      workerpoolThread,
    ],
    goals: [atMostRaw(1.15), atMostRaw(0.115, 'procxy, from a spare')],
  },
  {
    id: 'idle',
    title: 'memory of an idle child',
    layout: 'two cores',
    unit: 'MB',
    work: 'idle',
    entrants: [raw(json), own({}), ...processes(json)],
    goals: [{ entrant: PROCXY, of: 'above raw', limit: 2 }],
  },
  {
    id: 'after-million',
    title: 'memory of a child after a million calls',
    layout: 'two cores',
    unit: 'MB',
    work: 'idleAfterMillion',
    entrants: [raw(json), own({}), birpc(json)],
    goals: [],
    isLong: true,
  },
  {
    id: 'growth',
    title: 'growth of the heap by a million calls',
    layout: 'two cores',
    unit: 'MB',
    work: 'growth',
    workSettings: { of: 'calls' },
    entrants: [raw(json), own({})],
    goals: [{ entrant: PROCXY, of: 'value', limit: 0.5 }],
    isLong: true,
  },
  {
    id: 'growth-callbacks',
    title: 'growth of the heap by a million callbacks',
    layout: 'two cores',
    unit: 'MB',
    work: 'growth',
    workSettings: { of: 'callbacks' },
    entrants: [raw(json), own({ enableCallbacks: true })],
    goals: [{ entrant: PROCXY, of: 'value', limit: 0.5 }],
    isLong: true,
  },
];
