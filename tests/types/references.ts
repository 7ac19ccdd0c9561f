import { EventEmitter } from 'node:events';
import { byReference, procxy, type Lent, type Remote } from 'procxy';
import { holds, type Equal } from './assert.js';

class Statement {
  #rows: string[] = [];
  readonly source = 'select 1';

  run(...values: string[]): this {
    this.#rows.push(...values);
    return this;
  }

  all(): string[] {
    return this.#rows;
  }

  get count(): number {
    return this.#rows.length;
  }

  *iterate(): Generator<string> {
    yield* this.#rows;
  }

  isSame(other: Statement): boolean {
    return other === this;
  }

  _hidden(): number {
    return 1;
  }

  pipe(): number {
    return 1;
  }
}

/** It declares its events. */
class Desk extends EventEmitter<{ headline: [text: string] }> {
  publish(text: string): boolean {
    return this.emit('headline', text);
  }
}

/** As drivers have it: more than its items. */
class Cursor {
  limit(_count: number): this {
    return this;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<{ id: number }> {
    yield { id: 1 };
  }

  [Symbol.search](text: string): number {
    return text.length;
  }

  [Symbol.toPrimitive](): string {
    return '';
  }
}

class Logger {
  log(_text: string): void {}
  secret(): string {
    return '';
  }
}

interface Row {
  id: number;
  name: string;
}

class Database {
  prepare(_sql: string): Statement {
    return new Statement();
  }

  async connect(): Promise<Statement | null> {
    return null;
  }

  both(): { statement: Statement; rows: Row[] } {
    return { statement: new Statement(), rows: [] };
  }

  rows(): Row[] {
    return [];
  }

  find(): Cursor {
    return new Cursor();
  }

  run(_statement: Statement, _times: number): number {
    return 0;
  }

  logTo(_log: Lent<Logger>): void {}
  logNarrowly(_log: Lent<Pick<Logger, 'log'>>): void {}

  marked(): Lent<Statement> {
    return byReference(new Statement());
  }

  desk(): Desk {
    return new Desk();
  }

  open = new Statement();
}

export async function results(): Promise<void> {
  await using db = await procxy(Database, { enableReferences: true });
  const statement = await db.prepare('select 1');
  holds<Equal<Awaited<ReturnType<typeof statement.all>>, string[]>>();
  holds<Equal<Awaited<ReturnType<typeof statement.run>>, typeof statement>>();
  const source: string = await statement.$get('source');
  const count: number = await statement.$get('count');
  const released: boolean = statement.$release();
  const nothing = await db.connect();
  if (nothing) await nothing.all();
  const { statement: inner, rows } = await db.both();
  await inner.run('a');
  holds<Equal<typeof rows, Row[]>>();
  for await (const text of db.prepare('').iterate()) text.trim();
  for await (const { id } of await db.find()) id.toFixed();
  const place: number = await (await db.find())[Symbol.search]('text');
  await using cursor = await procxy(Cursor);
  for await (const { id } of cursor) id.toFixed();
  const found: number = await cursor[Symbol.search]('text');
  // @ts-expect-error a database cannot be iterated over
  for await (const _ of db) void _;
  // @ts-expect-error printing a proxy calls nothing
  cursor[Symbol.toPrimitive]('string').trim();
  // @ts-expect-error across processes every iteration is asynchronous
  void cursor[Symbol.iterator];
  // @ts-expect-error a reference mirrors no properties
  void statement.source;
  // @ts-expect-error a statement cannot be iterated over
  for await (const _ of statement) void _;
  // @ts-expect-error the mirror holds none
  db.open.all();
  await (await db.$get('open')).all();
  void [source, count, released, place, found];
}

export async function comingHome(): Promise<void> {
  await using db = await procxy(Database, { enableReferences: true });
  const statement = await db.prepare('select 1');
  await db.run(statement, 1);
  await statement.isSame(statement);
  // @ts-expect-error one of this process is not lent so
  await db.run(new Statement(), 1);
}

export async function lending(): Promise<void> {
  await using db = await procxy(Database);
  await db.logTo(byReference(new Logger()));
  await db.logNarrowly(byReference(new Logger(), ['log']));
  // @ts-expect-error it is not marked
  await db.logTo(new Logger());
  // @ts-expect-error it lends too little
  await db.logTo(byReference(new Logger(), ['log']));
  // @ts-expect-error there is no such method
  byReference(new Logger(), ['nothing']);
  const marked = await db.marked();
  holds<Equal<Awaited<ReturnType<typeof marked.all>>, string[]>>();
  // @ts-expect-error without the option nothing is called before it has arrived
  void db.marked().all();
}

export async function pipelining(): Promise<void> {
  await using db = await procxy(Database, { enableReferences: true });
  const all: string[] = await db.prepare('').run('a').run('b').all();
  const ran: number = await db.run(db.prepare(''), 2);
  const same: boolean = await db.prepare('').isSame(db.prepare(''));
  // @ts-expect-error rows are copied: there is nothing to call on them
  void db.rows().map;
  // @ts-expect-error it may be null
  void db.connect().all();
  // @ts-expect-error a property is read once the reference is there
  void db.prepare('').$get('source');
  // @ts-expect-error names that begin with _ are not for this
  void db.prepare('')._hidden();
  // @ts-expect-error others look for `pipe` on what they take for a stream
  void db.prepare('').pipe();
  // @ts-expect-error a result of another kind
  await db.run(db.rows(), 2);
  // @ts-expect-error a promise of this process must be awaited
  await db.run(db.prepare(''), Promise.resolve(2));
  void [all, ran, same];
}

/** Takes a reference of a proxy without other options. */
export async function passed(statement: Remote<Statement>): Promise<void> {
  await using db = await procxy(Database, { enableReferences: true });
  const same: Remote<Statement> = await db.prepare('');
  void [same, statement];
}

export async function without(): Promise<void> {
  await using db = await procxy(Database);
  // @ts-expect-error a statement has private fields: without the option it cannot cross
  const lost: Remote<Statement> = await db.prepare('');
  void lost;
}

export async function events(): Promise<void> {
  await using db = await procxy(Database, { enableReferences: true });
  const desk = await db.desk();
  desk.on('headline', (text) => text.trim());
  const published: boolean = await desk.publish('Rain');
  const count: number = desk.listenerCount('headline');
  // @ts-expect-error the class declares no such event
  desk.on('footline', (text: number) => text);
  // @ts-expect-error only the object itself emits
  desk.emit('headline', 'forged');
  // @ts-expect-error listeners are added to a reference that is there
  db.desk().on('headline', () => {});
  void [published, count];
}
