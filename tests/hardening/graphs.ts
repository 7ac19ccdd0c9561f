import { EventEmitter } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import * as fc from 'fast-check';
import { makers as failingStreams } from '../fixtures/failing-early.js';
import { unreadableError, unwritable } from '../fixtures/unwritable-values.js';

/**
 * Values of a user's code: objects that share parts and refer to each other, among them parts that no message can carry, streams that
 * fail before anybody reads them, functions and signals. What arrives of one is whole, or it is refused.
 */

const shapes = ['object', 'array', 'error', 'cause', 'aggregate', 'map', 'set'] as const;

interface Node {
  shape: (typeof shapes)[number];
  /** Numbers of other nodes, and names of leaves. */
  parts: (number | string)[];
}

/** The first node is the value. */
export type Graph = Node[];

/** Cross in both modes, and are compared. */
const plain: Record<string, unknown> = {
  null: null,
  true: true,
  one: 1,
  'negative zero': -0,
  text: 'text',
  undefined: undefined,
  'a name': '__procxy_type',
};
const large = Array.from({ length: 50 }, (_, n) => ({ n, text: 'x'.repeat(20) }));
/** Cross in advanced mode, and change or are refused in JSON mode. */
const structured: Record<string, () => unknown> = {
  'not a number': () => Number.NaN,
  bigint: () => 10n,
  date: () => new Date(5),
  bytes: () => Buffer.from('bytes'),
  'a hole': () => Array.from({ length: 2 }).fill(1, 1),
};
const deepest = unwritable.deep();
/** No message can carry them. Within an error they are left out. */
const refused: Record<string, () => unknown> = {
  ...unwritable,
  deep: () => deepest,
  'unreadable error': unreadableError,
  symbol: () => Symbol('refused'),
  promise: () => Promise.resolve(1),
  'a promise that rejects': () => rejecting(),
};
/** Cross, and fail: before anybody reads them, or then. */
const failing: Record<string, () => unknown> = {
  ...failingStreams,
  'a Readable that fails': () => new Readable({ read: () => {} }).destroy(new RangeError('early')),
  'a Readable that fails when it is read'() {
    const stream = new Readable({ read: () => stream.destroy(new RangeError('read')) });
    return stream;
  },
  'a web stream that fails': () => new ReadableStream({ start: (controller) => controller.error(deepest) }),
  'a generator that fails': () => failsSoon(),
  'a generator of promises that reject': () => promises(),
};
/** Cross as what stays here. */
const alive: Record<string, () => unknown> = {
  ...failing,
  function: () => () => 1,
  'a function that fails': () => () => {
    throw new RangeError('a function fails');
  },
  signal: () => new AbortController().signal,
  'a signal that fires': () => AbortSignal.timeout(1),
  'a stream that nobody reads': () => new PassThrough(),
};

/** One of the parts that no message can carry; which, by any number. */
export function refusedPart(number: number): unknown {
  return nth(refused, number);
}

/** A stream or an iterator that fails early; which, by any number. */
export function failingPart(number: number): unknown {
  return nth(failing, number);
}

function nth(list: Record<string, () => unknown>, number: number): unknown {
  const names = Object.keys(list);
  return makeLeaf(names[number % names.length] as string);
}

const leaf = (list: object): fc.Arbitrary<string> => fc.constantFrom(...Object.keys(list));
const part = fc.oneof(
  { weight: 6, arbitrary: fc.nat(6) },
  { weight: 6, arbitrary: leaf(plain) },
  { weight: 1, arbitrary: fc.constant('large') },
  { weight: 1, arbitrary: leaf(structured) },
  { weight: 1, arbitrary: leaf(refused) },
  { weight: 1, arbitrary: leaf(alive) },
);
const node = fc.record({ shape: fc.constantFrom(...shapes), parts: fc.array(part, { maxLength: 4 }) });

export const graph: fc.Arbitrary<Graph> = fc.array(node, { minLength: 1, maxLength: 6 });

/** Makes the value. Where it does not cross as a whole, its streams remain its owner's, who handles their errors. */
export function build(nodes: Graph, isJson: boolean): unknown {
  const made = nodes.map(({ shape }) => create(shape));
  const leaves = new Map<string, unknown>();
  // Streams within errors are left out.
  const hasErrors = nodes.some(({ shape }) => ['error', 'cause', 'aggregate'].includes(shape));
  const isOwners = hasErrors || !crosses(nodes, isJson, { ...plain, ...alive });
  const valueOf = (each: number | string): unknown => {
    if (typeof each === 'number') return made[each % made.length];
    if (!leaves.has(each)) leaves.set(each, makeLeaf(each));
    const value = leaves.get(each);
    if (isOwners && value instanceof EventEmitter) value.on('error', () => {});
    return value;
  };
  for (const index of reachable(nodes)) {
    const { shape, parts } = nodes[index] as Node;
    fill(shape, made[index], parts.map(valueOf));
  }
  return made[0];
}

/** The nodes of which the value consists. */
function reachable(nodes: Graph): Set<number> {
  const found = new Set([0]);
  for (const index of found) {
    const { shape, parts } = nodes[index] as Node;
    const used = shape === 'cause' ? parts.slice(0, 1) : parts;
    for (const each of used) if (typeof each === 'number') found.add(each % nodes.length);
  }
  return found;
}

/** Whether each part of it crosses in the mode: a refusal is wrong then. */
export function mustCross(nodes: Graph, isJson: boolean): boolean {
  return crosses(nodes, isJson, plain);
}

/** @param leaves that cross in both modes */
function crosses(nodes: Graph, isJson: boolean, leaves: object): boolean {
  const areFree = (index: number, above: readonly number[]): boolean => {
    if (above.includes(index)) return !isJson;
    const { shape, parts } = nodes[index] as Node;
    if (isJson && (shape === 'map' || shape === 'set')) return false;
    return parts.every((each) => {
      if (typeof each === 'number') return areFree(each % nodes.length, [...above, index]);
      return each in leaves || each === 'large' || (!isJson && each in structured);
    });
  };
  return areFree(0, []);
}

/** How a value is compared with what arrived of it. */
interface Comparison {
  /** What was sent, with what arrived of it. */
  readonly seen: Map<unknown, unknown>;
  /** What was one object is one. */
  readonly keepsIdentity: boolean;
}

/** Where what arrived is not what was sent, as a path; `undefined` where it is whole. */
export function difference(sent: unknown, got: unknown, isJson: boolean): string | undefined {
  return compare(sent, got, 'value', { seen: new Map(), keepsIdentity: !isJson });
}

function compare(sent: unknown, got: unknown, path: string, comparison: Comparison): string | undefined {
  if (typeof sent === 'function' && typeof got === 'function') return undefined;
  if (typeof sent !== 'object' || sent === null) return Object.is(sent, got) ? undefined : path;
  const { seen, keepsIdentity } = comparison;
  // As JSON has it, in JSON mode.
  if (sent instanceof Date && typeof got === 'string') return sent.toJSON() === got ? undefined : path;
  if (seen.has(sent)) return keepsIdentity && seen.get(sent) !== got ? `${path} is another object, and` : undefined;
  seen.set(sent, got);
  if (typeof got !== 'object' || got === null) return path;
  if (isAlive(sent)) return isAlive(got) ? undefined : path;
  if (sent instanceof Date || ArrayBuffer.isView(sent)) return String(sent) === String(got) ? undefined : path;
  const parts = sent instanceof Error ? partsOfError(sent, got) : partsOf(sent, got);
  if (!parts) return path;
  for (const [name, one, other] of parts) {
    const different = compare(one, other, `${path}.${name}`, comparison);
    if (different !== undefined) return different;
  }
  return undefined;
}

type Parts = [name: string, sent: unknown, got: unknown][];

function partsOf(sent: object, got: object): Parts | undefined {
  if (sent instanceof Map || sent instanceof Set) {
    const [ours, theirs] = [[...sent.values()], [...(got as Set<unknown>).values()]];
    return ours.length === theirs.length ? ours.map((each, n) => [`${n}`, each, theirs[n]]) : undefined;
  }
  return [...new Set([...Object.keys(sent), ...Object.keys(got)])].flatMap((key) => pair(key, sent, got));
}

/** A property of an error that cannot cross is left out, and a member of `errors` is `undefined`. */
function partsOfError(sent: Error, got: object): Parts | undefined {
  if (!(got instanceof Error)) return undefined;
  const names = ['message', ...Object.keys(got), ...('cause' in got ? ['cause'] : [])].filter(
    (name) => name !== 'errors',
  );
  const parts = names.flatMap((name) => pair(name, sent, got));
  if (!(sent instanceof AggregateError)) return parts;
  if (!(got instanceof AggregateError) || got.errors.length !== sent.errors.length) return undefined;
  for (const [n, each] of (got.errors as unknown[]).entries())
    if (each !== undefined) parts.push([`errors.${n}`, sent.errors[n], each]);
  return parts;
}

/** Nothing where the property cannot be read a second time. */
function pair(name: string, sent: object, got: object): Parts {
  try {
    return [[name, (sent as Record<string, unknown>)[name], (got as Record<string, unknown>)[name]]];
  } catch {
    return [];
  }
}

function isAlive(value: object): boolean {
  return (
    value instanceof AbortSignal ||
    'pipe' in value ||
    'getReader' in value ||
    Symbol.asyncIterator in value ||
    'next' in value
  );
}

function create(shape: Node['shape']): unknown {
  switch (shape) {
    case 'array':
      return [];
    case 'error':
    case 'cause':
      return new RangeError(shape);
    case 'aggregate':
      return new AggregateError([], shape);
    case 'map':
      return new Map();
    case 'set':
      return new Set();
    default:
      return {};
  }
}

function fill(shape: Node['shape'], made: unknown, values: unknown[]): void {
  if (shape === 'array') (made as unknown[]).push(...values);
  else if (shape === 'aggregate') (made as AggregateError).errors.push(...values);
  else if (shape === 'map')
    for (const [index, value] of values.entries()) (made as Map<unknown, unknown>).set(index, value);
  else if (shape === 'set') for (const value of values) (made as Set<unknown>).add(value);
  else if (shape === 'cause') (made as Error).cause = values[0];
  else for (const [index, value] of values.entries()) (made as Record<string, unknown>)[`p${index}`] = value;
}

function makeLeaf(name: string): unknown {
  if (name in plain) return plain[name];
  if (name === 'large') return large;
  const made = (structured[name] ?? refused[name] ?? alive[name])?.();
  // A program handles what its streams and promises fail with.
  if (made instanceof Promise) made.catch(() => {});
  return made;
}

async function rejecting(): Promise<never> {
  throw new RangeError('rejected');
}

function* failsSoon(): Generator<number> {
  yield 1;
  throw new RangeError('a generator fails');
}

function* promises(): Generator<Promise<never>> {
  yield rejecting();
}
