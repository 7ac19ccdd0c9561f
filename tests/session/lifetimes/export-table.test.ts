import { beforeEach, expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.js';
import { ExportTable, type Exported } from '../../../src/session/lifetimes/export-table.js';

class Table extends ExportTable<object, Exported<object>> {
  #last = 0;
  add(value: object): string {
    return this.exportValue(value, () => ({ id: `x${++this.#last}`, value, sent: 0 })).id;
  }
}

let forgotten: string[];
let table: Table;
beforeEach(() => {
  forgotten = [];
  table = new Table({
    limit: 2,
    noun: 'thing',
    limitError: (limit) => new RangeError(`more than ${limit}`),
    onForget: ({ id }) => void forgotten.push(id),
  });
});

test('a value keeps its id until all messages that brought it are accounted for', () => {
  const value = {};
  expect(table.add(value)).toBe('x1');
  expect(table.takePending()).toEqual(['x1']);
  table.add(value);
  table.takePending();
  table.giveBack('x1', 1);
  expect([table.size, forgotten]).toEqual([1, []]);
  table.giveBack('x1', 1);
  expect([table.size, forgotten, [...table.entries]]).toEqual([0, ['x1'], []]);
  expect(table.add(value)).toBe('x2');
});

test('a value that was not sent is discarded, but not one that was sent before', () => {
  const kept = {};
  table.add(kept);
  table.takePending();
  table.add(kept);
  table.add({});
  table.discardPending();
  expect([table.size, forgotten]).toEqual([1, ['x2']]);
});

test('the limit counts live values, which released ones are not', () => {
  const first = {};
  table.add(first);
  table.add({});
  table.takePending();
  expect(() => table.add({})).toThrow('more than 2');
  expect(table.release(first)?.id).toBe('x1');
  expect(table.release({})).toBeUndefined();
  table.add({});
  // The other side still knows the released one.
  expect(table.get('x1').value).toBeUndefined();
});

test('ids that were never exported, or are given back too often, are violations', () => {
  table.add({});
  table.takePending();
  expect(() => table.get('x9')).toThrow(ProtocolError);
  expect(() => table.get('constructor')).toThrow(ProtocolError);
  expect(() => table.giveBack('x1', 2)).toThrow(ProtocolError);
});
