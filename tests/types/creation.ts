import { classFrom, procxy, type ClassReference, type Constructor, type Procxy } from 'procxy';
import { holds, type Equal } from './assert.js';

class Store {
  static version = 3;
  private constructor(readonly name: string) {}
  static async open(name: string, mode?: 'r' | 'w'): Promise<Store> {
    return new Store(name + mode);
  }
  static number(n: number): Store {
    return new Store(String(n));
  }
  title(): string {
    return this.name;
  }
}

class Public {
  constructor(readonly id: number) {}
  static from(text: string): Public {
    return new Public(text.length);
  }
  static other(): Store {
    return Store.number(1);
  }
  get(): number {
    return this.id;
  }
}

type Opening = { readonly create: 'open' };

// The method's parameters stand in the place of the constructor's, and its result is the instance.
const store = () => procxy(Store, './store.js', { create: 'open' }, 'books', 'r');
holds<Equal<ReturnType<typeof store>, Promise<Procxy<Store, Opening>>>>();
const number = () => procxy(Store, { create: 'number' }, 5);
holds<Equal<ReturnType<typeof number>, Promise<Procxy<Store, { readonly create: 'number' }>>>>();
const other = () => procxy(Public, { create: 'other' });
holds<Equal<ReturnType<typeof other>, Promise<Procxy<Store, { readonly create: 'other' }>>>>();
const from = () => procxy(Public, './public.js', { create: 'from' }, 'text');
holds<Equal<ReturnType<typeof from>, Promise<Procxy<Public, { readonly create: 'from' }>>>>();

// @ts-expect-error the constructor is private
void procxy(Store, './store.js', {}, 'books');
// @ts-expect-error there is no such static method
void procxy(Store, { create: 'opne' }, 'books');
// @ts-expect-error this one is no method
void procxy(Store, { create: 'version' });
// @ts-expect-error the argument is missing
void procxy(Store, { create: 'open' });
// @ts-expect-error an argument of the constructor
void procxy(Public, { create: 'from' }, 5);
// @ts-expect-error one argument too many
void procxy(Store, './store.js', { create: 'open' }, 'books', 'r', 'more');
// @ts-expect-error no class
void procxy(() => {}, {});
// @ts-expect-error no class either
void procxy(() => {}, './x.js');

// A reference stands in the place of the class.
const Reference = classFrom<typeof Public>('./public.js', 'Public');
holds<Equal<typeof Reference, ClassReference<typeof Public>>>();
const referred = () => procxy(Reference, {}, 5);
holds<Equal<ReturnType<typeof referred>, Promise<Procxy<Public, {}>>>>();
const bare = () => procxy(classFrom<typeof Public>(new URL('file:///public.js')), undefined, undefined, 5);
holds<Equal<Awaited<ReturnType<typeof bare>>['get'], () => Promise<number>>>();
const opened = () => procxy(classFrom<typeof Store>('./store.js'), { create: 'open', retries: 1 }, 'books');
holds<Equal<Awaited<ReturnType<typeof opened>>['title'], () => Promise<string>>>();
// @ts-expect-error of another type
void procxy(Reference, {}, 'five');
// @ts-expect-error an object that looks like a reference
void procxy({ modulePath: './public.js', exportName: 'Public' }, {}, 5);

// Generic functions pass a class on.
function start<C extends Constructor>(Class: C, ...args: ConstructorParameters<C>): Promise<Procxy<InstanceType<C>>> {
  return procxy(Class, ...args);
}
const started = () => start(Public, 5);
holds<Equal<ReturnType<typeof started>, Promise<Procxy<Public>>>>();
function startRetried<C extends Constructor>(Class: C, ...args: ConstructorParameters<C>) {
  return procxy(Class, './x.js', { retries: 1 }, ...args);
}
const retried = () => startRetried(Public, 5);
holds<Equal<Awaited<ReturnType<typeof retried>>['get'], () => Promise<number>>>();
