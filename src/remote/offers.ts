import { ProtocolError } from '../errors.js';
import { isObject } from '../is-object.js';
import type { HostStats, Labels } from '../options/host.js';

/** How many questions of a client a host answers in a second. It ignores others, and a client asks again. */
export const QUESTIONS_PER_SECOND = 200;

/** What a client asks all hosts that know a class. */
export interface Question {
  /** The client's version of procxy. */
  procxy: string;
  where: Labels;
  version?: string | undefined;
}

/** What a host answers: how it is, and why it would not take the instance, if so. */
export interface Offer {
  stats: HostStats;
  /** The host's clock, in µs: the first stamp that a link to it echoes. */
  stamp: number;
  refusal?: string | undefined;
}

export function encodeJson(value: Question | Offer): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** @throws {ProtocolError} */
function decodeQuestion(bytes: Buffer): Question {
  const question = parse(bytes) as Partial<Question>;
  const { procxy, where, version } = question;
  if (
    typeof procxy !== 'string' ||
    !isObject(where) ||
    Object.values(where).some(isObject) ||
    !(version === undefined || typeof version === 'string')
  ) {
    throw new ProtocolError('A client asked for a host in a form that is not known here.');
  }
  return { procxy, where, version };
}

/** Returns `undefined` for anything but a question. */
export function readQuestion(bytes: Buffer): Question | undefined {
  try {
    return decodeQuestion(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** The beginning of a stranger's text, for an answer or a message that has to stay short. */
export function brief(text: string): string {
  return text.length > MAX_BRIEF ? `${text.slice(0, MAX_BRIEF)}…` : text;
}

const MAX_BRIEF = 200;

/** @throws {ProtocolError} */
export function decodeOffer(bytes: Buffer): Offer {
  const { stats, stamp, refusal } = parse(bytes) as Partial<Offer>;
  if (
    !isObject(stats) ||
    typeof stats.id !== 'string' ||
    !/^[^\s.*>]+$/.test(stats.id) ||
    !Number.isSafeInteger(stamp)
  ) {
    throw new ProtocolError('A host answered in a form that is not known here.');
  }
  const { instances, limit, machine, started, kept, rss, cpu, pid, procxy, state, labels, classes } = stats;
  const isCounted = [instances, started, kept, rss, cpu].every((count) => Number.isFinite(count) && count >= 0);
  const isLoad = isCounted && Number.isFinite(limit) && limit > 0;
  if (!isLoad || typeof machine !== 'string' || !(refusal === undefined || typeof refusal === 'string')) {
    throw new ProtocolError('A host answered without its load.');
  }
  const isDescribed = typeof procxy === 'string' && typeof state === 'string' && isObject(labels) && isObject(classes);
  if (!isDescribed || !Number.isSafeInteger(pid)) throw new ProtocolError('A host answered without its description.');
  return { stats, stamp: stamp as number, refusal };
}

/** A label of this host, whatever names a client asks for: `toString` is not one. */
export function labelOf(labels: Labels, name: string): Labels[string] | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

function parse(bytes: Buffer): object {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (cause) {
    throw new ProtocolError('A message arrived that is not JSON.', { cause });
  }
  if (!isObject(value)) throw new ProtocolError('A message arrived that is not an object.');
  return value;
}
