import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPage } from '../support/snippets.js';

/** Packages of npm that are used by reference, unmodified. The first of them is compiled, which takes minutes. */
const packages = ['better-sqlite3@12.11.1', 'linkedom@0.18.15', 'kysely@0.28.19', 'mingo@7.2.7'];

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A folder where they are installed already. */
const installed = process.env['PROCXY_REFERENCE_PACKAGES'];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'references-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  if (installed === undefined) {
    execFileSync('npm', ['install', '--no-audit', '--no-fund', ...packages], {
      cwd: folder,
      stdio: 'pipe',
      env: environmentToCompile(),
    });
    symlinkSync(root, join(folder, 'node_modules', 'procxy'), 'dir');
  } else symlinkSync(join(installed, 'node_modules'), join(folder, 'node_modules'), 'dir');
}, 1_200_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Makes npm compile native code for the Node that runs the tests, with the headers beside it. */
function environmentToCompile(): NodeJS.ProcessEnv {
  const binaries = dirname(process.execPath);
  const headers = dirname(binaries);
  const env = { ...process.env, PATH: `${binaries}${delimiter}${process.env['PATH'] ?? ''}` };
  return existsSync(join(headers, 'include/node/node.h')) ? { ...env, npm_config_nodedir: headers } : env;
}

/** Runs a program in the folder, and returns the JSON that it prints. */
function run(files: Record<string, string>): unknown {
  for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code);
  return JSON.parse(print('main.js'));
}

function print(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
}

test('the example with SQLite prints what its page says', () => {
  cpSync(join(root, 'examples', 'sqlite', 'main.js'), join(folder, 'example.js'));
  const page = readFileSync(join(root, 'examples', 'sqlite', 'README.md'), 'utf8');
  const said = /^\$ node examples.*\n([^]*?)```/m.exec(page)?.[1];
  expect(print('example.js', 'bank.db')).toBe(said);
  // The file is a database, and whole.
  expect(print('example.js', 'bank.db')).toBe(said);
  expect(readFileSync(join(folder, 'bank.db'), 'latin1')).toMatch(/^SQLite format 3/);
});

test('the recipe of a database prints what it says, also with the file that it has made', () => {
  const { commands, problems } = readPage(join(root, 'docs/recipes/database.md'));
  expect(problems).toEqual([]);
  expect(commands.map(({ text }) => text)).toEqual(['node main.js']);
  for (const { expected, files } of commands) {
    for (const { name, code } of files.values()) writeFileSync(join(folder, name), code);
    for (let time = 1; time <= 2; time++) expect(print('main.js')).toBe(`${expected.join('\n')}\n`);
  }
});

test('better-sqlite3: prepared statements, rows one by one, transactions and a file', () => {
  const main = `
    import Database from 'better-sqlite3';
    import { procxy } from 'procxy';
    const db = await procxy(Database, 'better-sqlite3', { enableReferences: true }, 'app.db');
    await db.exec('create table users (id integer primary key, name text)');
    const insert = await db.prepare('insert into users (name) values (?)');
    const inserted = await insert.run('Ada');
    await db.exec('begin');
    await insert.run('Bob');
    await db.exec('rollback');
    await insert.run('Eve');
    const rows = [];
    for await (const row of db.prepare('select * from users').iterate()) rows.push(row);
    const { n } = await db.prepare('select count(*) as n from users').get();
    const again = await (await insert.$get('database')).prepare('select 1 as one').get();
    const error = await insert.run(1, 2).catch(({ name }) => name);
    console.log(JSON.stringify({ inserted, rows, n, again, error, source: await insert.$get('source') }));
    await db.$terminate();`;
  expect(run({ 'main.js': main })).toEqual({
    inserted: { changes: 1, lastInsertRowid: 1 },
    rows: [
      { id: 1, name: 'Ada' },
      { id: 2, name: 'Eve' },
    ],
    n: 2,
    again: { one: 1 },
    error: 'RangeError',
    source: 'insert into users (name) values (?)',
  });
});

test('linkedom: a document that is parsed in the child, and walked from here', () => {
  const pages = `
    import { parseHTML } from 'linkedom';
    export class Pages { parse(html) { return parseHTML(html).document; } }`;
  const main = `
    import { procxy } from 'procxy';
    import { Pages } from './pages.js';
    const pages = await procxy(Pages, { enableReferences: true });
    const document = await pages.parse('<ul><li class="first">one</li><li>two</li></ul>');
    const item = await document.querySelector('li');
    const list = await item.$get('parentNode');
    const texts = [];
    for (const each of await document.querySelectorAll('li')) texts.push(await each.$get('textContent'));
    console.log(JSON.stringify({
      name: await list.$get('nodeName'), same: (await list.$get('firstChild')) === item, contains: await list.contains(item),
      class: await item.getAttribute('class'), texts,
    }));
    await pages.$terminate();`;
  expect(run({ 'pages.js': pages, 'main.js': main })).toEqual({
    name: 'UL',
    same: true,
    contains: true,
    class: 'first',
    texts: ['one', 'two'],
  });
});

test('kysely: a query that is built call by call, in one round trip', () => {
  const store = `
    import Sqlite from 'better-sqlite3';
    import { Kysely, SqliteDialect } from 'kysely';
    export class Store {
      #db = new Kysely({ dialect: new SqliteDialect({ database: new Sqlite(':memory:') }) });
      query() { return this.#db; }
    }`;
  const main = `
    import { procxy } from 'procxy';
    import { Store } from './store.js';
    const store = await procxy(Store, { enableReferences: true, serialization: 'advanced' });
    const db = await store.query();
    await (await db.$get('schema')).createTable('people').addColumn('name', 'text').addColumn('age', 'integer').execute();
    await db.insertInto('people').values([{ name: 'Ada', age: 36 }, { name: 'Bob', age: 20 }]).execute();
    const found = await db.selectFrom('people').select(['name']).where('age', '>', 30).orderBy('name').execute();
    console.log(JSON.stringify(found));
    await store.$terminate();`;
  expect(run({ 'store.js': store, 'main.js': main })).toEqual([{ name: 'Ada' }]);
});

test('mingo: the cursor of a query', () => {
  const main = `
    import { Query } from 'mingo';
    import { procxy } from 'procxy';
    const query = await procxy(Query, 'mingo', { enableReferences: true }, { age: { $gt: 3 } });
    const cursor = await query.find([{ age: 2 }, { age: 5 }, { age: 7 }]);
    console.log(JSON.stringify(await cursor.sort({ age: -1 }).all()));
    await query.$terminate();`;
  expect(run({ 'main.js': main })).toEqual([{ age: 7 }, { age: 5 }]);
});
