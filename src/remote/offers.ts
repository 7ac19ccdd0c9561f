import { ProtocolError } from '../errors.js';
import { isObject } from '../is-object.js';
import type { HostStats, Labels } from '../options/host.js';

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
export function decodeQuestion(bytes: Buffer): Question {
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

/** A text of a stranger, as an answer repeats it: the answer has to fit into one message. */
export function brief(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

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
  const { instances, limit, machine } = stats;
  const isLoad = Number.isFinite(instances) && instances >= 0 && Number.isFinite(limit) && limit > 0;
  if (!isLoad || typeof machine !== 'string' || !(refusal === undefined || typeof refusal === 'string')) {
    throw new ProtocolError('A host answered without its load.');
  }
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
