import { procxy, type Procxy } from 'procxy';
import { holds, type Equal } from './assert.js';

interface Hit {
  id: number;
  title: string;
  tags?: readonly string[];
}

interface Tree {
  value: number;
  children: Tree[];
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

class Point {
  x = 1;
  #y = 2;
  distance(): number {
    return this.x + this.#y;
  }
}

class Service {
  // Callable, and how.
  add(a: number, b: number): number {
    return a + b;
  }
  async search(query: string, limit?: number): Promise<Hit[]> {
    return [{ id: limit ?? 0, title: query }];
  }
  optional(_hit: Hit, ..._rest: string[]): void {}
  tuple(_pair: [name: string, age?: number]): [string, number] {
    return ['', 0];
  }
  tree(tree: Tree): Tree {
    return tree;
  }
  json(value: Json): Json {
    return value;
  }
  anything(value: unknown): unknown {
    return value;
  }
  any(value: any): any {
    return value;
  }
  failure(error: TypeError): { error: Error } {
    return { error };
  }
  when(): Date {
    return new Date();
  }
  nested(): { at: Date; url: URL; point: Point; maybe: Date | undefined } {
    return { at: new Date(), url: new URL('http://x'), point: new Point(), maybe: undefined };
  }
  store(_value: number): this {
    return this;
  }
  itself(): Promise<Service> {
    return Promise.resolve(this);
  }
  field = (text: string): string => text;
  maybeField?: (n: number) => number;
  union(value: string | number | undefined): string | null {
    return value === undefined ? null : String(value);
  }

  fails(): never {
    throw new Error('always');
  }

  // Overloads.
  read(path: string): Promise<string>;
  read(path: string, raw: true): Promise<Buffer>;
  read(path: number): Promise<number>;
  read(_path: unknown, _raw?: true): Promise<string | Buffer | number> {
    return Promise.resolve('');
  }

  // Generics.
  async identity<T extends string>(value: T): Promise<T> {
    return value;
  }
  first<T>(values: T[]): T | undefined {
    return values[0];
  }

  // Not callable.
  takesDate(_date: Date): void {}
  takesMap(_map: Map<string, number>): void {}
  takesDeep(_value: { list: { image: Uint8Array }[] }): void {}
  takesInstance(_point: Point): void {}
  takesBigInt(_n: bigint): void {}
  takesCallback(_onProgress: (percent: number) => void): void {}
  givesMap(): Map<string, number> {
    return new Map();
  }
  givesDeep(): Promise<{ list: { image: Buffer }[] }> {
    return Promise.resolve({ list: [] });
  }
  givesBigInt(): bigint {
    return 1n;
  }
  givesGenerator(): AsyncGenerator<number> {
    return null as never;
  }
  givesFunction(): () => void {
    return () => {};
  }

  // Not there.
  toJSON(): object {
    return {};
  }
  private hidden(): void {}
  protected alsoHidden(): void {
    this.hidden();
  }
}

declare const service: Procxy<Service>;
type S = Procxy<Service>;

holds<Equal<S['add'], (a: number, b: number) => Promise<number>>>();
holds<Equal<S['search'], (query: string, limit?: number) => Promise<Hit[]>>>();
holds<Equal<S['optional'], (hit: Hit, ...rest: string[]) => Promise<void>>>();
holds<Equal<S['tuple'], (pair: [name: string, age?: number]) => Promise<[string, number]>>>();
holds<Equal<S['anything'], (value: unknown) => Promise<unknown>>>();
holds<Equal<S['any'], (value: any) => Promise<any>>>();
holds<Equal<S['when'], () => Promise<string>>>();
holds<Equal<Awaited<ReturnType<S['store']>>['add'], S['add']>>();
holds<Equal<Awaited<ReturnType<S['itself']>>['$terminate'], S['$terminate']>>();
holds<Equal<S['field'], (text: string) => Promise<string>>>();
holds<Equal<S['fails'], () => Promise<never>>>();
holds<Equal<S['union'], (value: string | number | undefined) => Promise<string | null>>>();

export async function uses(): Promise<void> {
  const tree: Tree = await service.tree({ value: 1, children: [{ value: 2, children: [] }] });
  const json: Json = await service.json({ a: [1, 'x', null] });
  const failure: { error: Error } = await service.failure(new TypeError('x'));
  const { at, url, point, maybe } = await service.nested();
  const texts: [string, string, string | undefined] = [at, url, maybe];
  const x: number = point.x;
  const text: string = await service.read('path');
  const number: number = await service.read(5);
  const literal: 'a' = await service.identity('a');
  const first: unknown = await service.first([1, 2]);
  void [tree, json, failure, texts, x, text, number, literal, first];

  // @ts-expect-error an instance arrives as plain data, without its methods
  point.distance();
  // @ts-expect-error this overload gives a Buffer, which JSON cannot express
  await service.read('path', true);
  // @ts-expect-error wrong argument type
  await service.add('1', 2);
  // @ts-expect-error missing argument
  await service.add(1);
  // @ts-expect-error
  service.takesDate(new Date());
  // @ts-expect-error
  service.takesMap(new Map());
  // @ts-expect-error
  service.takesDeep({ list: [] });
  // @ts-expect-error
  service.takesInstance(new Point());
  // @ts-expect-error
  service.takesBigInt(1n);
  // @ts-expect-error
  service.takesCallback(() => {});
  // @ts-expect-error
  service.givesMap();
  // @ts-expect-error
  service.givesDeep();
  // @ts-expect-error
  service.givesBigInt();
  for await (const item of service.givesGenerator()) item.toFixed();
  // @ts-expect-error
  service.givesFunction();
  // @ts-expect-error
  service.toJSON();
  // @ts-expect-error
  service.hidden();
  // @ts-expect-error
  service.alsoHidden();

  // They stay visible, and say why.
  const reason: string = service.takesDate.__procxy_cannot_cross;
  void reason;
  holds<Equal<Awaited<S>, S>>();
}

class Thenable {
  then(): void {}
  other(): number {
    return 1;
  }
}

export async function thenable(proxy: Procxy<Thenable>): Promise<void> {
  const same: Procxy<Thenable> = await proxy;
  const other: number = await same.other();
  void other;
}

export async function shapes(): Promise<void> {
  class Worker {
    constructor(
      public name: string,
      public size?: number,
    ) {}
  }
  const byPath = await procxy(Worker, './worker.js', { timeout: 5 }, 'name', 3);
  const byUrl = await procxy(Worker, new URL('file:///x'), undefined, 'name');
  const byOptions = await procxy(Worker, { env: { A: undefined }, args: [1, { a: 'x' }] }, 'name');
  const byUndefined = await procxy(Worker, undefined, undefined, 'name');
  const name: string = byPath.name;
  void [byUrl, byOptions, byUndefined, name];

  // @ts-expect-error there is no such option
  await procxy(Worker, './worker.js', { timeOut: 5 }, 'name');
  // @ts-expect-error there is no such option
  await procxy(Worker, { timeOut: 5 }, 'name');
  // @ts-expect-error wrong constructor argument
  await procxy(Worker, './worker.js', {}, 5);
  // @ts-expect-error missing constructor argument
  await procxy(Worker, './worker.js', {});
  // @ts-expect-error wrong type of an option
  await procxy(Worker, './worker.js', { timeout: '5' }, 'name');
  // @ts-expect-error not a class
  await procxy({}, './worker.js');
}
