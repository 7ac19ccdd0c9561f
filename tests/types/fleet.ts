import { procxyKeyed, procxyPool, type KeyedProxy, type PoolProxy, type Procxy } from 'procxy';
import { holds, type Equal } from './assert.js';

class Renderer {
  title = 'page';

  constructor(readonly language: string) {}

  render(page: string): string {
    return page;
  }

  itself(): this {
    return this;
  }
}

class Cart {
  constructor(
    readonly key: string,
    readonly items: string[] = [],
  ) {}

  add(item: string): number {
    return this.items.push(item);
  }

  save(): string[] {
    return this.items;
  }
}

const pool = await procxyPool(Renderer, './renderer.js', { size: 4, retries: 1 }, 'en');
holds<Equal<typeof pool, PoolProxy<Renderer, { readonly size: 4; readonly retries: 1 }>>>();
holds<Equal<ReturnType<typeof pool.render>, Promise<string>>>();
holds<Equal<ReturnType<typeof pool.$all.render>, Promise<PromiseSettledResult<string>[]>>>();
holds<Equal<Awaited<ReturnType<typeof pool.itself>>, typeof pool>>();
const length = await pool.$use(async (renderer) => (await renderer.render(renderer.title)).length);
holds<Equal<typeof length, number>>();
void pool.$with({ key: 'user', timeout: 5 }).render('home');
void procxyPool(
  Renderer,
  './renderer.js',
  { size: 4, restart: { onRestart: (renderer, crash) => [renderer.render('home').then(String), crash.exitCode] } },
  'en',
);
const alone = { restart: { onRestart: (renderer: Procxy<Renderer>) => renderer.render('home') } };
void procxyPool(Renderer, './renderer.js', alone, 'en');
// @ts-expect-error it has no such method
void procxyPool(Renderer, { restart: { onRestart: (renderer) => renderer.walk() } }, 'en');
void procxyPool(Renderer, { setup: (renderer) => renderer.render('home'), onFailed: (crash) => crash.message }, 'en');
// @ts-expect-error a pool has no properties
void pool.title;
// @ts-expect-error the constructor's argument is missing
void procxyPool(Renderer, './renderer.js', { size: 4 });
// @ts-expect-error there is no such option
void procxyPool(Renderer, { sizes: 4 }, 'en');
// @ts-expect-error it has no such method
void procxyPool(Renderer, { setup: (renderer) => renderer.draw() }, 'en');

class Shelf {
  constructor(readonly key = '') {}

  take(_title: string): Book {
    return new Book();
  }
}

class Book {
  page(): number {
    return 1;
  }
}

// With references, methods can be called on results that have not arrived, as on a single proxy.
const shelves = await procxyPool(Shelf, './shelf.js', { enableReferences: true });
holds<Equal<Awaited<ReturnType<ReturnType<typeof shelves.take>['page']>>, number>>();
const shelf = procxyKeyed(Shelf, './shelf.js', { enableReferences: true }).get('a');
holds<Equal<Awaited<ReturnType<ReturnType<typeof shelf.take>['page']>>, number>>();
// @ts-expect-error without references a result has none
void (await procxyPool(Shelf, './shelf.js')).take('a').page();

const saved = new Map<string, string[]>();
const carts = procxyKeyed(Cart, './cart.js', {
  maxInstances: 5,
  restore: (key) => saved.get(key) ?? [],
  save: async (cart, key) => saved.set(key, await cart.save()),
});
holds<Equal<ReturnType<ReturnType<typeof carts.get>['add']>, Promise<number>>>();
const cart: Pick<KeyedProxy<Cart>, 'add'> = carts.get('ada').$with({ timeout: 5 });
void cart.add('tea');
// @ts-expect-error the constructor takes a list
void procxyKeyed(Cart, { restore: (key) => key.length });
// @ts-expect-error there is no such option
void procxyKeyed(Cart, { maxInstance: 5 });
