import { describe, expect, test } from 'vitest';
import { decodeFrame, HEADER_BYTES, Lane, LANES, type Frame } from '../../../src/remote/link/frame.js';
import { connectEnds, End, hasArrived, isComplete, type EndOptions } from './ends.js';
import { World, type Faults, type Wire } from './world.js';

/** Set it to see the tests fail: `LINK=off npx vitest run tests/remote/link`. */
const bare = process.env['LINK'] === 'off';

const SEEDS = 1000;
const WINDOW = 4096;
const MAX_PAYLOAD = 512;
const CHUNK = 800;
const calm: Faults = { loss: 0, doubling: 0, delay: 1 };
const limits: EndOptions = { lease: 10_000, absence: 2000, idle: 500, window: WINDOW };
/** Those of a host, which keeps an instance for longer than its client waits. */
const hostLimits: EndOptions = { ...limits, lease: 60_000, idle: 2000, fence: limits.lease };

/** Two ends write to each other on all lanes, while the network has faults and is cut. */
function converse(seed: number, isBare = bare): { a: End; b: End; world: World } {
  const world = new World(seed);
  const faults = { loss: world.random() * 0.3, doubling: world.random() * 0.2, delay: 1 + world.random() * 20 };
  const { a, b } = connectEnds(world, { faults, maxPayload: MAX_PAYLOAD, bare: isBare, a: limits, b: hostLimits });
  for (const end of [a, b]) {
    end.pace = () => (world.random() < 0.1 ? world.below(200) : 0);
    writeOften(end, 15);
  }
  const cuts = world.below(3);
  for (let cut = 0; cut < cuts; cut++) cutOnce(world, [a, b]);
  world.run(60_000, () => world.time > 2600 && isComplete(a, b) && isComplete(b, a));
  return { a, b, world };
}

function writeOften(end: End, times: number): void {
  if (times === 0) return;
  const { world } = end;
  world.after(world.below(100), () => {
    const lane = LANES[world.below(LANES.length)] ?? Lane.MESSAGES;
    // A writer that has no room waits for it.
    if (!end.full.has(lane)) end.write(lane, Buffer.alloc(world.below(CHUNK), `${times},${world.time},`));
    writeOften(end, times - 1);
  });
}

/** Cuts one wire or both, for up to 3 s. Sometimes nobody is told. */
function cutOnce(world: World, ends: readonly End[]): void {
  const kind = world.below(3);
  const hit = kind === 0 ? ends.slice(0, 1) : ends;
  const start = world.below(1200);
  world.after(start, () => {
    for (const { wire } of hit) {
      if (kind === 2) wire.isDead = true;
      else wire.isConnected = false;
    }
  });
  world.after(start + world.below(3000), () => {
    for (const { wire, lanes } of hit) {
      wire.isDead = false;
      wire.isConnected = true;
      if (kind !== 2) lanes.resume();
    }
  });
}

describe('over a network that loses, doubles, delays, reorders and is cut', () => {
  test(`every byte arrives once and in order, with ${SEEDS} seeds`, () => {
    const failed: number[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { a, b } = converse(seed);
      if (!hasArrived(a, b) || !hasArrived(b, a) || a.ended || b.ended) failed.push(seed);
    }
    expect(failed).toEqual([]);
  });

  test('neither end keeps more than its windows, with 100 seeds', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { a, b } = converse(seed, false);
      for (const end of [a, b]) {
        expect(end.mostUnread, `seed ${seed}`).toBeLessThanOrEqual(WINDOW);
        expect(end.mostKept, `seed ${seed}`).toBeLessThanOrEqual(LANES.length * (2 * WINDOW + CHUNK));
      }
    }
  });

  test('the network alone loses bytes, so that the test can fail', () => {
    const seeds = Array.from({ length: 100 }, (_none, index) => index + 1);
    const broken = seeds.filter((seed) => {
      const { a, b } = converse(seed, true);
      return !hasArrived(a, b) || !hasArrived(b, a);
    });
    expect(broken.length).toBeGreaterThan(90);
  });
});

test('a message larger than the window and the largest frame arrives whole', () => {
  const world = new World(1);
  const { a, b } = connectEnds(world, { faults: calm, maxPayload: MAX_PAYLOAD, a: limits, b: limits });
  a.write(Lane.MESSAGES, Buffer.alloc(100_000, 'text'));
  world.run(5000, () => hasArrived(a, b));
  expect(hasArrived(a, b)).toBe(true);
});

test('a reader that does not read holds up its own lane, and no other', () => {
  const world = new World(1);
  const { a, b } = connectEnds(world, { faults: calm, maxPayload: MAX_PAYLOAD, a: limits, b: limits });
  b.reads = false;
  a.write(Lane.BYTES, Buffer.alloc(3 * WINDOW, 'b'));
  world.run(3000);
  expect(Buffer.concat(b.read[Lane.BYTES] ?? [])).toHaveLength(WINDOW);
  a.write(Lane.MESSAGES, Buffer.from('passes'));
  world.run(4000);
  expect(Buffer.concat(b.read[Lane.MESSAGES] ?? []).toString()).toBe('passes');
  expect(a.ended).toBeUndefined();
  b.readOn();
  world.run(8000, () => hasArrived(a, b));
  expect(hasArrived(a, b)).toBe(true);
});

test('an end that has acknowledged nothing for long is not given up while it is heard', () => {
  const world = new World(1);
  const { a, b } = connectEnds(world, { faults: calm, a: limits, b: limits });
  b.reads = false;
  a.write(Lane.BYTES, Buffer.alloc(2 * WINDOW));
  world.run(120_000);
  expect([a.ended, b.ended]).toEqual([undefined, undefined]);
});

test('too many bytes that wait end the link', () => {
  const world = new World(1);
  const small = { ...limits, maxBacklog: 10_000 };
  const { a, b } = connectEnds(world, { faults: calm, a: small, b: limits });
  // One message may be that long.
  a.write(Lane.MESSAGES, Buffer.alloc(10_001));
  expect(a.ended).toBeUndefined();
  a.write(Lane.MESSAGES, Buffer.from('one more'));
  expect(a.ended).toEqual({ why: 'backlog' });
  world.run(5000);
  expect(b.ended).toEqual({ why: 'refused' });
  expect(b.read.flat()).toEqual([]);
});

test.each([
  ['the transport says that nobody was there', (): void => {}],
  ['the transport is connected again', (a: End): void => a.link.resume()],
])('the frame that begins a link is the first to arrive, though it was lost: %s', (_name, comeBack) => {
  const world = new World(1);
  const { a, b, wires } = connectEnds(world, { faults: calm, a: limits, b: hostLimits });
  const [toB] = wires as [Wire, Wire];
  const { send } = toB;
  const arrived: Frame[] = [];
  toB.send = () => void world.after(1, () => a.link.nobody());
  a.write(Lane.CONTROL, Buffer.from('open'));
  a.write(Lane.MESSAGES, Buffer.from('call'));
  world.run(world.time + 500);
  toB.send = (frame) => {
    arrived.push(decodeFrame(Buffer.from(frame)));
    send(frame);
  };
  comeBack(a);
  world.run(world.time + 1000);
  expect(arrived[0]).toMatchObject({ lane: Lane.CONTROL, offset: 0, bytes: Buffer.from('open') });
  expect(arrived.some(({ lane }) => lane === Lane.MESSAGES)).toBe(true);
  expect(hasArrived(a, b)).toBe(true);
});

describe('leases', () => {
  const ends = (b: EndOptions = limits) => {
    const world = new World(1);
    const { wires, ...both } = connectEnds(world, { faults: calm, a: limits, b });
    const [toB, toA] = wires as [Wire, Wire];
    world.run(3000);
    return { world, ...both, toA, toB };
  };

  test('an end that is silent is given up after the lease, and not before', () => {
    const { world, a, b, toA, toB } = ends();
    toA.isDead = true;
    toB.isDead = true;
    const cutAt = world.time;
    world.run(cutAt + limits.lease - limits.idle - 10);
    expect([a.ended, b.ended]).toEqual([undefined, undefined]);
    world.run(cutAt + limits.lease + 1);
    expect([a.ended, b.ended]).toEqual([{ why: 'silent' }, { why: 'silent' }]);
    expect(world.pending, 'timers are left').toBe(0);
  });

  test('an end that the transport calls absent is given up sooner, unless it comes back', () => {
    const { world, a, toA, toB } = ends();
    const { send } = toB;
    const nobody = (): void => void world.after(1, () => a.link.nobody());
    toA.isDead = true;
    toB.send = nobody;
    world.run(world.time + limits.absence - limits.idle);
    toA.isDead = false;
    toB.send = send;
    world.run(world.time + limits.absence);
    expect(a.ended).toBeUndefined();
    toA.isDead = true;
    toB.send = nobody;
    world.run(world.time + limits.idle + limits.absence + 100);
    expect(a.ended).toEqual({ why: 'gone' });
  });

  test('closing one end closes the other', () => {
    const { world, a, b } = ends();
    a.link.close();
    world.run(world.time + 2000);
    expect([a.ended, b.ended]).toEqual([{ why: 'closed' }, { why: 'refused' }]);
    expect(world.pending).toBe(0);
  });

  test('an end that wakes after the lease takes nothing that was sent before', () => {
    const { world, a, b, toA, toB } = ends(hostLimits);
    const held: Buffer[] = [];
    // The frames wait where the sleeping end would read them.
    toB.send = (frame) => void held.push(frame);
    toA.isDead = true;
    a.write(Lane.MESSAGES, Buffer.from('stale'));
    world.run(world.time + limits.lease + 100);
    expect(a.ended).toEqual({ why: 'silent' });
    toA.isDead = false;
    // The last frame closes the link. Without it, those before must do no harm either.
    for (const frame of held.slice(0, -1)) b.link.receive(frame);
    expect(b.read.flat()).toEqual([]);
    b.link.receive(held.at(-1) ?? Buffer.alloc(0));
    expect(b.ended).toEqual({ why: 'refused' });
  });

  test.each([
    ['equal ends', limits],
    ['a client and its host', hostLimits],
  ])('an end that was blocked itself does not give the other up: %s', (_name, limitsOfB) => {
    const { world, a, b } = ends(limitsOfB);
    // Nothing happens for longer than the lease, as if both processes had been stopped.
    world.time += 3 * limits.lease;
    world.run(world.time + 5000);
    expect([a.ended, b.ended]).toEqual([undefined, undefined]);
    a.write(Lane.MESSAGES, Buffer.from('on'));
    world.run(world.time + 1000);
    expect(hasArrived(a, b)).toBe(true);
  });
});

describe('an end that breaks the protocol', () => {
  test.each([
    ['bytes that are no frame', () => Buffer.from('junk')],
    ['nothing', () => Buffer.alloc(0)],
    ['a frame of another version', () => Buffer.alloc(HEADER_BYTES, 9)],
  ])('%s', (_name, frame) => {
    const world = new World(1);
    const { b } = connectEnds(world, { faults: calm, a: limits, b: limits });
    b.link.receive(frame());
    expect(b.ended).toMatchObject({ why: 'violation', error: { name: 'ProtocolError' } });
  });
});
