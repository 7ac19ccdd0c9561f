import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import {
  procxy,
  type IsProcxiable,
  type PassableHandle,
  type Procxiable,
  type ProcxiableMethodsOf,
  type Procxy,
  type ProcxyWithHandle,
  type V8Serializable,
} from 'procxy';
import { holds, type Equal } from './assert.js';

interface Image {
  bytes: Buffer;
  taken: Date;
  tags: ReadonlySet<string>;
  meta?: Map<string, Image>;
}

class Money {
  #cents = 1;
  cents(): number {
    return this.#cents;
  }
}

declare module 'procxy' {
  interface TransferTypes {
    money: Money;
  }
}

class Service {
  plain(text: string): number {
    return text.length;
  }
  image(image: Image): Promise<Image> {
    return Promise.resolve(image);
  }
  factorial(n: bigint): bigint {
    return n;
  }
  analyze(data: Map<string, number>): Map<string, Set<Date>> {
    return new Map([...data.keys()].map((key) => [key, new Set()]));
  }
  views(_bytes: Uint8Array, _view: DataView, _buffer: ArrayBuffer): Float64Array {
    return new Float64Array();
  }
  pattern(pattern: RegExp): Error {
    return new Error(String(pattern));
  }
  cached = new Map<string, bigint>();
  pay(money: Money): Money[] {
    return [money];
  }
  promise(_value: { later: Promise<number> }): void {}
  weak(): WeakMap<object, number> {
    return new WeakMap();
  }
  shared(_value: SharedArrayBuffer): void {}
  callback(_value: () => void): void {}
  take(_socket: Socket): void {}
  serve(_server: Server, _udp?: DatagramSocket): Server {
    return _server;
  }
}

type A = Procxy<Service, 'advanced'>;
type J = Procxy<Service>;
type H = Procxy<Service, { serialization: 'advanced'; supportHandles: true }>;

holds<Equal<A['plain'], (text: string) => Promise<number>>>();
holds<Equal<A['factorial'], (n: bigint) => Promise<bigint>>>();
holds<Equal<A['analyze'], (data: Map<string, number>) => Promise<Map<string, Set<Date>>>>>();
holds<Equal<A['cached'], Map<string, bigint>>>();
holds<Equal<J['pay'], (money: Money) => Promise<Money[]>>>();
holds<Equal<H['take'], (socket: Socket) => Promise<void>>>();

holds<IsProcxiable<Image, 'advanced'>>();
holds<Equal<IsProcxiable<Image>, false>>();
holds<Equal<IsProcxiable<Map<string, Date>, 'advanced'>, true>>();
holds<Equal<IsProcxiable<Map<string, Date>>, false>>();
holds<Equal<IsProcxiable<() => void, 'advanced'>, false>>();
holds<Equal<Procxiable<'advanced'>, V8Serializable>>();
holds<Equal<PassableHandle, Socket | Server | DatagramSocket | number>>();
holds<Equal<ProcxiableMethodsOf<Service>, 'plain' | 'pay'>>();
holds<
  Equal<
    ProcxiableMethodsOf<Service, 'advanced'>,
    'plain' | 'image' | 'factorial' | 'analyze' | 'views' | 'pattern' | 'pay'
  >
>();

export async function uses(a: A, j: J, h: H): Promise<void> {
  const image: Image = await a.image({ bytes: Buffer.from(''), taken: new Date(), tags: new Set() });
  const taken: Date = image.taken;
  const views: Float64Array = await a.views(new Uint8Array(), new DataView(new ArrayBuffer(1)), new ArrayBuffer(1));
  const error: Error = await a.pattern(/x/);
  const values: V8Serializable[] = [1n, new Map([['a', new Set([new Date()])]]), [undefined], { a: Buffer.from('') }];
  void [taken, views, error, values];

  // @ts-expect-error JSON mode
  await j.factorial(1n);
  // @ts-expect-error a promise cannot be cloned
  await a.promise({ later: Promise.resolve(1) });
  // @ts-expect-error a weak collection neither
  await a.weak();
  // @ts-expect-error nor shared memory
  await a.shared(new SharedArrayBuffer(1));
  // @ts-expect-error nor a function
  await a.callback(() => {});
  // @ts-expect-error a socket only moves with supportHandles
  await a.take(null as never as Socket);
  // @ts-expect-error there is no such method without supportHandles
  await a.$sendHandle(3);
  await h.$sendHandle(3, 'id');
  // @ts-expect-error not a handle
  await h.$sendHandle('3');
}

export async function infers(): Promise<void> {
  const advanced = await procxy(Service, './service.js', { serialization: 'advanced', timeout: 5 });
  const n: bigint = await advanced.factorial(5n);
  const found = await procxy(Service, { serialization: 'advanced' });
  const m: bigint = await found.factorial(5n);
  const handles = await procxy(Service, './service.js', { supportHandles: true });
  await handles.take(null as never as Socket);
  const withHandle: ProcxyWithHandle<Service> = handles;
  const json = await procxy(Service, './service.js', { timeout: 5 });
  // @ts-expect-error JSON mode is the default
  await json.factorial(5n);
  void [n, m, withHandle];
}
