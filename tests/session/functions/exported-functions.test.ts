import { beforeEach, describe, expect, test } from 'vitest';
import { sync } from '../../../src/codec/sync-mark.js';
import { CallbackLimitError, ProtocolError } from '../../../src/errors.js';
import { ExportedFunctions } from '../../../src/session/functions/exported-functions.js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('ExportedFunctions', () => {
  let exported: ExportedFunctions;
  beforeEach(() => {
    exported = new ExportedFunctions(3);
  });
  /** Exports it in its own message. */
  function send(fn: () => unknown, receiver?: object): string {
    const { __procxy_callback: id } = exported.export(fn, receiver);
    exported.takePending();
    return id;
  }

  test('describes a function by its id, name and arity', () => {
    const fn = function named(_a: number, _b: number): void {} as never;
    const { __procxy_callback: id, __procxy_meta: meta } = exported.export(fn, undefined);
    expect(id).toMatch(uuid);
    expect(meta).toEqual({ type: 'function', arity: 2, name: 'named' });
    expect(
      exported.export(
        sync(() => 1),
        undefined,
      ).__procxy_meta,
    ).toMatchObject({ sync: true });
  });

  test('a function keeps its id while it is exported, and each function has a different id', () => {
    const fn = (): void => {};
    const id = send(fn);
    expect(send(fn)).toBe(id);
    expect(send(() => {})).not.toBe(id);
    expect(exported.size).toBe(2);
  });

  test('10,000 functions have 10,000 different ids', () => {
    const many = new ExportedFunctions(Infinity);
    const ids = Array.from({ length: 10_000 }, () => many.export(() => {}, undefined).__procxy_callback);
    expect(new Set(ids).size).toBe(10_000);
  });

  test('a message lists each function once, however often it contains it', () => {
    const fn = (): void => {};
    exported.export(fn, undefined);
    exported.export(fn, undefined);
    const [id, ...rest] = exported.takePending();
    expect(rest).toEqual([]);
    expect(exported.get(String(id)).sent).toBe(1);
    expect(exported.takePending()).toEqual([]);
  });

  test('is called on the object that it last crossed in', () => {
    const fn = (): void => {};
    const [first, second] = [{}, {}];
    const id = send(fn, first);
    expect(exported.get(id).receiver).toBe(first);
    send(fn, second);
    expect(exported.get(id).receiver).toBe(second);
  });

  test('is forgotten when every message with it is accounted for, and not before', () => {
    const fn = (): void => {};
    const id = send(fn);
    send(fn);
    send(fn);
    exported.giveBack(id, 2);
    expect(exported.get(id).value).toBe(fn);
    exported.giveBack(id, 1);
    expect(exported.size).toBe(0);
    expect(() => exported.get(id)).toThrow(ProtocolError);
    expect(send(fn)).not.toBe(id);
  });

  test('giving back too often, or an unknown function, is a violation', () => {
    const id = send(() => {});
    expect(() => exported.giveBack(id, 2)).toThrow(ProtocolError);
    expect(() => exported.giveBack('constructor', 1)).toThrow(/never exported: constructor/);
    expect(exported.size).toBe(1);
  });

  test('discarding a message keeps only functions that were sent before', () => {
    const held = (): void => {};
    const id = send(held);
    exported.export(held, undefined);
    exported.export(() => {}, undefined);
    exported.discardPending();
    expect(exported.size).toBe(1);
    expect(exported.get(id).sent).toBe(1);
    expect(exported.takePending()).toEqual([]);
  });

  test('the limit counts functions that are not released', () => {
    const ids = [send(() => {}), send(() => {})];
    const third = (): void => {};
    send(third);
    expect(() => exported.export(() => {}, undefined)).toThrow(CallbackLimitError);
    expect(send(third)).toMatch(uuid);
    exported.giveBack(String(ids[0]), 1);
    send(() => {});
    expect(() => exported.export(() => {}, undefined)).toThrow(/3 functions/);
    expect(exported.size).toBe(3);
  });

  test('a released function stays known until the other side gives it back', () => {
    const fn = function gone(): void {};
    const id = send(fn, {});
    expect(exported.release(fn)?.id).toBe(id);
    expect(exported.release(fn)).toBeUndefined();
    expect(exported.size).toBe(0);
    expect(exported.get(id)).toMatchObject({ value: undefined, receiver: undefined, name: 'gone', sent: 1 });
    const again = send(fn);
    expect(again).not.toBe(id);
    exported.giveBack(id, 1);
    expect(() => exported.get(id)).toThrow(ProtocolError);
    expect(exported.size).toBe(1);
    expect(exported.get(again).value).toBe(fn);
  });

  test('after clear(), all functions are unknown, and can be exported again', () => {
    const fn = (): void => {};
    const id = send(fn);
    exported.clear();
    expect(exported.size).toBe(0);
    expect(exported.release(fn)).toBeUndefined();
    expect(send(fn)).not.toBe(id);
  });
});
