import { types } from 'node:util';
import { markBytes } from '../../codec/bytes-codec.js';
import type { Codec } from '../../codec/codec.js';
import { isObject } from '../../is-object.js';

/**
 * What runs through a stream:
 *
 * - `items`: values of any kind, one by one;
 * - `bytes`: bytes, which may be cut anywhere on the way;
 * - `chunks`: values and chunks of bytes, which arrive as they were written.
 */
export type Flow = 'items' | 'bytes' | 'chunks';

/** Bytes that one stream may have under way. */
export const WINDOW = 1024 * 1024;
/** Bytes that a value counts for: 64 values fill the window. */
const ITEM_COST = WINDOW / 64;
/** Bytes that a chunk of bytes counts for at least, where it is not cut. */
const LEAST_COST = 1024;

/** How a flow is counted and cut. */
export interface Measure {
  /** What an item takes of the window, in bytes. */
  cost(item: unknown): number;
  /** The first credit that a reader gives, in bytes: a reader that takes one item does not make the producer run ahead. */
  start: number;
  /** Cuts off the part of an item for which there is credit; `undefined` where items stay whole. */
  split: ((item: unknown, credit: number) => [part: unknown, rest: unknown]) | undefined;
  /** Whether an item keeps its content until the end of the turn, so that it may wait for others to travel with. */
  isStable(item: unknown): boolean;
}

const whole = { cost: itemCost, start: ITEM_COST, split: undefined };

export const measures: Readonly<Record<Flow, Measure>> = {
  items: { ...whole, isStable: (item) => !isObject(item) },
  chunks: { ...whole, isStable: (item) => !isObject(item) || types.isUint8Array(item) },
  // The writer hears when the bytes have been sent, and leaves them alone until then.
  bytes: { cost: byteLength, start: WINDOW / 4, split: splitBytes, isStable: () => true },
};

/** Gives a value of a stream the form in which the codec carries it: JSON has no form for bytes. */
export function carried(codec: Codec, flow: Flow, value: unknown): unknown {
  // Bytes of the other flows do not go through the codec.
  const isAside = flow !== 'items' && types.isUint8Array(value);
  return codec.carriesBytes || isAside ? value : markBytes(value);
}

function itemCost(item: unknown): number {
  if (!isObject(item) || !(ArrayBuffer.isView(item) || types.isArrayBuffer(item))) return ITEM_COST;
  return Math.max(item.byteLength, LEAST_COST);
}

function byteLength(chunk: unknown): number {
  return (chunk as Uint8Array).byteLength;
}

function splitBytes(chunk: unknown, credit: number): [unknown, unknown] {
  const bytes = chunk as Uint8Array;
  return [bytes.subarray(0, credit), bytes.subarray(credit)];
}
