import { EventEmitter } from 'node:events';
import {
  procxy,
  sync,
  type Callback,
  type ProcxiableMethodsOf,
  type Procxy,
  type SyncCallback,
  type UnwrapProxy,
} from 'procxy';
import { holds, type Equal } from './assert.js';

interface Item {
  name: string;
  size: number;
}

interface Options {
  onProgress?: (percent: number) => void;
  compare: (a: Item, b: Item) => number;
  retries: number;
}

interface Node {
  children: Node[];
  onClick: () => void;
}

class Money {
  #cents = 1;
  plus(other: Money): Money {
    return other;
  }
  cents(): number {
    return this.#cents;
  }
}

class Plain {
  x = 1;
  distance(): number {
    return this.x;
  }
}

class Worker {
  // A plain function is the truth.
  progress(_items: string[], _onProgress: (percent: number) => void): Promise<number> {
    return Promise.resolve(0);
  }
  async token(_url: string, _getToken: () => Promise<string>): Promise<string> {
    return '';
  }
  async either(_get: () => string | Promise<string>): Promise<string> {
    return '';
  }
  declared(_get: Callback<[url: string], string>, _done?: Callback): void {}
  anything(_fn: (value: unknown) => unknown): void {}
  many(..._fns: ((n: number) => void)[]): void {}
  optional(_n: number, _fn?: (text: string) => void): void {}
  generic<T extends string>(_fn: (value: T) => Promise<void>): Promise<T> {
    return Promise.resolve('' as T);
  }

  // Only sync() tells the truth.
  sort(_items: Item[], _compare: (a: Item, b: Item) => number): Item[] {
    return [];
  }
  options(_options: Options): void {}

  // What comes back is asynchronous.
  counter(): () => number {
    return () => 1;
  }
  subscribe(_listener: (n: number) => void): { unsubscribe(): void; id: number } {
    return { unsubscribe() {}, id: 1 };
  }
  adder(): (n: number) => (m: number) => number {
    return (n) => (m) => n + m;
  }
  given(_fn: (reply: (text: string) => string) => void): void {}
  node(_node: Node): Node[] {
    return [];
  }

  // By mode.
  when(_fn: (date: Date) => void): void {}
  map(_fn: (map: Map<string, number>) => void): void {}
  giveMap(_fn: () => Promise<Map<string, number>>): void {}
  inMap(_map: Map<string, () => void>): void {}

  // Never.
  money(_money: Money): void {}
  construct(_type: new () => Money): void {}
  promise(_fn: (later: Promise<number>) => void): void {}
  plain(_value: Plain): void {}
}

type On = Procxy<Worker, { enableCallbacks: true }>;
type Advanced = Procxy<Worker, { enableCallbacks: true; serialization: 'advanced' }>;
type Off = Procxy<Worker>;

holds<Equal<On['progress'], Worker['progress']>>();
holds<Equal<On['token'], Worker['token']>>();
holds<Equal<On['either'], Worker['either']>>();
holds<Equal<On['generic'], Worker['generic']>>();
holds<Equal<On['many'], (...fns: ((n: number) => void)[]) => Promise<void>>>();
holds<Equal<On['optional'], (n: number, fn?: (text: string) => void) => Promise<void>>>();
holds<Equal<On['anything'], (fn: (value: unknown) => unknown) => Promise<void>>>();
holds<Equal<On['sort'], (items: Item[], compare: SyncCallback<[a: Item, b: Item], number>) => Promise<Item[]>>>();
holds<Equal<On['counter'], () => Promise<() => Promise<number>>>>();
holds<Equal<On['when'], (fn: (date: string) => void) => Promise<void>>>();
holds<Equal<Advanced['when'], (fn: (date: Date) => void) => Promise<void>>>();
holds<Equal<Advanced['map'], (fn: (map: Map<string, number>) => void) => Promise<void>>>();
holds<Equal<ProcxiableMethodsOf<{ a(fn: () => void): void; b(): void }>, 'b'>>();
holds<Equal<UnwrapProxy<On>, Worker>>();
holds<Equal<UnwrapProxy<{ a: 1 }>, never>>();

export async function enabled(on: On, advanced: Advanced): Promise<void> {
  await on.progress(['a'], (percent) => void percent.toFixed());
  await on.token('x', async () => 'secret');
  await on.either(() => 'plain');
  await on.declared(
    (url) => url.toUpperCase(),
    () => {},
  );
  await on.declared(async (url) => url);
  const sorted: Item[] = await on.sort(
    [],
    sync((a, b) => a.size - b.size),
  );
  await on.sort(
    [],
    sync(async (a, b) => a.name.localeCompare(b.name)),
  );
  await on.options({
    compare: sync((a, b) => a.size - b.size),
    retries: 1,
    onProgress: (percent) => percent.toFixed(),
  });
  const count = await on.counter();
  const one: number = await count();
  const { unsubscribe, id } = await on.subscribe((n) => n.toFixed());
  await unsubscribe();
  const add = await on.adder();
  const three: number = await (await add(1))(2);
  await on.given(async (reply) => void (await reply('x')).toUpperCase());
  const nodes = await on.node({ children: [], onClick: () => {} });
  await nodes[0]?.children[0]?.onClick();
  await on.when((date) => date.toUpperCase());
  await advanced.when((date) => date.getTime());
  await advanced.map((map) => map.get('x')?.toFixed());
  await advanced.giveMap(async () => new Map([['a', 1]]));
  await advanced.inMap(new Map([['a', () => {}]]));
  const released: boolean = on.$releaseCallback(() => {});
  const { exportedFunctions, importedFunctions } = (await on.$stats()).parent;
  void [sorted, one, id, three, released, exportedFunctions + importedFunctions];

  // @ts-expect-error the argument is a number
  await on.progress([], (percent: string) => void percent);
  // @ts-expect-error a plain function would hand the child a promise
  await on.sort([], (a, b) => a.size - b.size);
  // @ts-expect-error the same, nested
  await on.options({ compare: (a: Item, b: Item) => a.size - b.size, retries: 1 });
  const wrong = sync(() => 'x');
  // @ts-expect-error the comparator must give a number
  await on.sort([], wrong);
  // @ts-expect-error a promise of another type
  await on.token('x', async () => 5);
  // @ts-expect-error what comes back gives a promise
  const two: number = count();
  // @ts-expect-error a Map cannot be an argument in JSON mode
  await on.map(() => {});
  // @ts-expect-error nor a result
  await on.giveMap(async () => new Map());
  // @ts-expect-error a class with private fields
  await on.money(new Money());
  // @ts-expect-error a class itself
  await on.construct(Money);
  // @ts-expect-error a promise as an argument of the callback
  await on.promise(() => {});
  // @ts-expect-error a method that returns a value
  await on.plain(new Plain());
  // @ts-expect-error a number is no function
  sync(5);
  // @ts-expect-error the same
  on.$releaseCallback(5);
  void two;
}

export async function disabled(off: Off): Promise<void> {
  // @ts-expect-error functions cross with enableCallbacks only
  await off.progress([], () => {});
  // @ts-expect-error also as an optional member
  await off.options({ retries: 1, compare: sync(() => 1) });
  // @ts-expect-error and as a result
  await off.counter();
  const reasons: [
    'A parameter of this method is or contains a function. Use { enableCallbacks: true } to let functions cross.',
    'A parameter of this method is or contains a function. Use { enableCallbacks: true } to let functions cross.',
    'The result of this method is a function. Use { enableCallbacks: true } to let functions cross.',
  ] = [off.progress.__procxy_cannot_cross, off.options.__procxy_cannot_cross, off.counter.__procxy_cannot_cross];
  void reasons;
}

class Giver {
  give(): { id: number; close(): void } {
    return { id: 1, close() {} };
  }
}

export async function results(off: Procxy<Giver>, on: Procxy<Giver, { enableCallbacks: true }>): Promise<void> {
  const { id } = await off.give();
  // @ts-expect-error without callbacks the functions of a result stay behind
  (await off.give()).close();
  await (await on.give()).close();
  void id;
}

class OnlyOptional {
  run(_options: { onDone?: () => void }): void {}
}

export async function optionalMember(
  off: Procxy<OnlyOptional>,
  on: Procxy<OnlyOptional, { enableCallbacks: true }>,
): Promise<void> {
  // @ts-expect-error it would be refused at run time
  await off.run({ onDone: () => {} });
  await on.run({ onDone: () => {} });
  await on.run({});
}

export async function infers(): Promise<void> {
  const worker = await procxy(Worker, './worker.js', { enableCallbacks: true, maxCallbacks: 5, callbackTimeout: 100 });
  await worker.progress([], (percent) => percent.toFixed());
  const plain = await procxy(Worker, './worker.js', { enableCallbacks: false });
  // @ts-expect-error off
  await plain.progress([], () => {});
}

interface Events {
  needsInput: [callback: (input: string) => void];
}
class Interactive extends EventEmitter<Events> {}

export function events(worker: Procxy<Interactive, { enableCallbacks: true }>): void {
  worker.on('needsInput', (callback) => callback('text'));
}
