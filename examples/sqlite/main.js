/**
 * A SQLite database in a child process: prepared statements, transactions, and rows one by one. The native module is loaded only
 * in the child.
 *
 *     npm install better-sqlite3        compiles it, where npm has no binary for your platform
 *     node examples/sqlite/main.js [bank.db]
 */
import { classFrom, procxy } from 'procxy';

const FILE = process.argv[2] ?? 'bank.db';

/** `await using` does the same from Node 24 on. */
const db = await procxy(classFrom('better-sqlite3'), { enableReferences: true }, FILE);
await db.pragma('journal_mode = WAL');
await db.exec('drop table if exists accounts');
await db.exec('create table accounts (name text primary key, balance integer not null check (balance >= 0))');

// The statements stay in the child. What is here are references to them.
const [open, take, give, all] = await Promise.all([
  db.prepare('insert into accounts values (?, ?)'),
  db.prepare('update accounts set balance = balance - ? where name = ?'),
  db.prepare('update accounts set balance = balance + ? where name = ?'),
  db.prepare('select name, balance from accounts order by name'),
]);

await inTransaction(async () => {
  for (const [name, balance] of Object.entries({ Ada: 100, Bob: 20, Eve: 0 })) await open.run(name, balance);
});

await transfer('Ada', 'Eve', 70);
await transfer('Bob', 'Ada', 50).catch((error) => console.log(`Bob cannot pay 50: ${error.message}`));

for await (const { name, balance } of all.iterate()) console.log(`${name}: ${balance}`);

// One round trip: the statement is not awaited before its method is called.
const { total } = await db.prepare('select sum(balance) as total from accounts').get();
console.log(`Together: ${total}`);

for (const statement of [open, take, give, all]) statement.$release();
await db.close();
await db.$terminate();

/** Takes and gives, or does neither. */
function transfer(from, to, amount) {
  return inTransaction(async () => {
    await give.run(amount, to);
    await take.run(amount, from);
  });
}

/** Runs one transaction at a time: this connection must not begin another before it ends. */
async function inTransaction(work) {
  await db.exec('begin immediate');
  try {
    await work();
    await db.exec('commit');
  } catch (error) {
    await db.exec('rollback');
    throw error;
  }
}
