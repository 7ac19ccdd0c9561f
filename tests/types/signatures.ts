import type { Jsonifiable } from 'type-fest';
import {
  procxy,
  type AnyProcxy,
  type ArgumentsFor,
  type Constructor,
  type KnownOptions,
  type Procxiable,
  type Procxy,
  type ProcxyOptions,
  type UnwrapProcxy,
} from 'procxy';
import { holds, type Equal } from './assert.js';

interface Order {
  rows: { id: number; at: Date }[];
}

interface Linked {
  next: Linked | undefined;
  at: Date;
}

class Store {
  #handle = 1;
  constructor(readonly file: string) {}

  put(value: Jsonifiable): Jsonifiable {
    return value;
  }
  own(value: Procxiable): Procxiable {
    return value;
  }
  async cloned(value: Procxiable<'advanced'>): Promise<Procxiable<'advanced'>> {
    return value;
  }
  all(values: Jsonifiable[]): Record<string, Jsonifiable> {
    return { values, handle: this.#handle };
  }
  maybe?(n: number): number;

  order(_order: Order): void {}
  both(_name: string, _options: { when: Date; limit: number }): void {}
  linked(_list: Linked): void {}
  found(): Promise<{ rows: { map: Map<string, number>; big: bigint; id: number }[] }> {
    return Promise.resolve({ rows: [] });
  }
  onChange(_options: { name: string; listener: () => void }): void {}
  cache = { entries: new Map<string, number>() };
}

type Json = Procxy<Store>;
type Advanced = Procxy<Store, 'advanced'>;

// What a mode carries can be named in a signature.
holds<Equal<Json['put'], (value: Jsonifiable) => Promise<Jsonifiable>>>();
holds<Equal<Advanced['put'], (value: Jsonifiable) => Promise<Jsonifiable>>>();
holds<Equal<Json['own'], (value: Procxiable) => Promise<Procxiable>>>();
holds<Equal<Advanced['cloned'], Store['cloned']>>();
holds<Equal<Json['all'], (values: Jsonifiable[]) => Promise<Record<string, Jsonifiable>>>>();
// An optional method may be missing here too.
holds<Equal<Json['maybe'], ((n: number) => Promise<number>) | undefined>>();

// An error names the part that cannot cross, and of a recursive type the nearest.
holds<Equal<Json['order']['__procxy_place'], 'args[0].rows[].at'>>();
holds<Equal<Json['both']['__procxy_place'], 'args[1].when'>>();
holds<Equal<Json['linked']['__procxy_place'], 'args[0].at'>>();
holds<Equal<Json['found']['__procxy_place'], 'result.rows[].map' | 'result.rows[].big'>>();
holds<Equal<Json['onChange']['__procxy_place'], 'args[0].listener'>>();
holds<Equal<Json['cache']['__procxy_place'], '.entries'>>();

// A list of any proxies.
holds<Equal<UnwrapProcxy<Advanced>, Store>>();
export async function end(json: Json, here: Procxy<Store, { inProcess: true; mirror: ['file'] }>): Promise<void> {
  const proxies: AnyProcxy[] = [json, here];
  proxies.push(json.$with({ timeout: 5 }));
  await Promise.all(proxies.map((proxy) => proxy.$terminate()));
}

// A generic function around `procxy()`.
export async function logged<C extends Constructor>(
  Class: C,
  ...args: ConstructorParameters<C>
): Promise<Procxy<InstanceType<C>, { enableCallbacks: true }>> {
  const proxy = await procxy(Class, { enableCallbacks: true, timeout: 5 }, ...args);
  console.log(proxy.$process.pid);
  return proxy;
}
export function opened<C extends Constructor>(
  Class: C,
  modulePath: string,
  ...args: ConstructorParameters<C>
): Promise<Procxy<InstanceType<C>>> {
  return procxy(Class, modulePath, { timeout: 5 }, ...args);
}
export function configured<C extends Constructor, const O extends ProcxyOptions>(
  Class: C,
  options: KnownOptions<C, O>,
  ...args: ArgumentsFor<C, O>
) {
  return procxy(Class, undefined, options, ...args);
}
const configuredStore = () => configured(Store, { serialization: 'advanced' }, 'a.db');
holds<Equal<ReturnType<typeof configuredStore>, Promise<Procxy<Store, { readonly serialization: 'advanced' }>>>>();
export function wrong(): void {
  // @ts-expect-error there is no such option
  void configured(Store, { serialisation: 'advanced' }, 'a.db');
  // @ts-expect-error the constructor's argument is missing
  void configured(Store, { serialization: 'advanced' });
}
const store = () => logged(Store, 'a.db');
holds<Equal<ReturnType<typeof store>, Promise<Procxy<Store, { enableCallbacks: true }>>>>();

class Optional {
  constructor(readonly name?: string) {}
}

export function modules(): void {
  void procxy(Store, {}, 'test.db');
  void procxy(Optional);
  // @ts-expect-error it would be taken for the module
  void procxy(Store, 'test.db');
  // @ts-expect-error the same
  void procxy(Store, new URL('file:///test.db'));
}
