import { types } from 'node:util';
import { markBytes } from '../../codec/bytes-codec.js';
import type { Codec } from '../../codec/codec.js';
import { isObject } from '../../is-object.js';

/**
 * What a stream carries:
 *
 * - `items`: values of any kind, one by one
 * - `bytes`: bytes, which may be split anywhere in transit
 * - `chunks`: values and chunks of bytes, which arrive exactly as they were written
 */
export type Flow = 'items' | 'bytes' | 'chunks';

/** The flow of a stream of Node. */
export function flowOf({ objectMode }: { objectMode: boolean }): Flow {
  return objectMode ? 'items' : 'bytes';
}

/** Bytes of one stream that may be in transit. */
export const WINDOW = 1024 * 1024;
/** The cost of a value, in bytes: 64 values fill the window. */
const ITEM_COST = WINDOW / 64;
/** The least cost of a chunk of bytes that is not split, in bytes. */
const LEAST_COST = 1024;

/** How the items of a flow are counted and split. */
export interface Measure {
  /** How much of the window an item uses, in bytes. */
  cost(item: unknown): number;
  /** The first credit that a reader gives, in bytes. Small, so that a reader of one item does not make the producer run ahead. */
  start: number;
  /** Splits off the part of an item for which there is credit. `undefined` if items stay whole. */
  split: ((item: unknown, credit: number) => [part: unknown, rest: unknown]) | undefined;
  /** Whether an item cannot change before the end of the turn, so that it can wait to be batched. */
  isStable(item: unknown): boolean;
}

const whole = { cost: itemCost, start: ITEM_COST, split: undefined };

export const measures: Readonly<Record<Flow, Measure>> = {
  items: { ...whole, isStable: (item) => !isObject(item) },
  chunks: { ...whole, isStable: (item) => !isObject(item) || types.isUint8Array(item) },
  // The writer must not change the bytes before its callback says that they were sent.
  bytes: { cost: byteLength, start: WINDOW / 4, split: splitBytes, isStable: () => true },
};

/** Converts a value of a stream to a form that the codec can carry: JSON has no form for bytes. */
export function carried(codec: Codec, flow: Flow, value: unknown): unknown {
  // Bytes of other flows do not go through the codec.
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
