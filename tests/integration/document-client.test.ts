import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy } from 'procxy';
import { DocumentClient } from '../fixtures/documents.js';
import { eventually } from '../support/eventually.js';

const start = (serialization: 'json' | 'advanced') =>
  procxy(DocumentClient, '../fixtures/documents.js', { serialization, enableReferences: true });

const people = [
  { name: 'Ada', age: 36 },
  { name: 'Bob', age: 20 },
  { name: 'Eve', age: 51 },
];

describe.each(['json', 'advanced'] as const)(
  'a client of documents works by reference, in %s mode',
  (serialization) => {
    let client: Awaited<ReturnType<typeof start>>;
    beforeAll(async () => {
      client = await start(serialization);
      expect(await client.db('shop').collection('people').insertMany(people)).toEqual({ insertedCount: 3 });
    });
    afterAll(() => client.$terminate());

    test('a chain of calls, as its documentation shows it', async () => {
      const found = await client.db('shop').collection('people').find({ minAge: 30 }).sort('age').limit(1).toArray();
      expect(found).toEqual([{ name: 'Ada', age: 36 }]);
    });

    test('the cursor is iterated over, and closed when the loop is left', async () => {
      const cursor = await client.db('shop').collection('people').find().sort('name');
      for await (const { name } of cursor) if (name === 'Bob') break;
      await eventually(async () => expect(await cursor.wasClosed()).toBe(true));
    });

    test('an id that is passed back arrives as itself', async () => {
      const collection = await client.db('shop').collection('people');
      const eve = await collection.findOne({ name: 'Eve' });
      if (!eve) return expect.unreachable();
      expect(await eve._id.toHexString()).toMatch(/^0{20}/);
      expect(await collection.findOne({ _id: eve._id })).toEqual(eve);
      expect(await collection.findOne({ name: 'Nobody' })).toBeNull();
    });
  },
);
