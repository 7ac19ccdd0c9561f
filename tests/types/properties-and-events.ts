import { EventEmitter } from 'node:events';
import type { Procxy } from 'procxy';
import { holds, type Equal } from './assert.js';

class Model {
  count = 0;
  readonly name: string | undefined = 'x';
  created = new Date();
  cache = new Map<string, number>();
  _internal = 1;
  #secret = 2;
  private hidden = 3;
  get total(): number {
    return this.count + this.#secret + this.hidden;
  }
}

declare const model: Procxy<Model>;
holds<Equal<(typeof model)['count'], number>>();
holds<Equal<(typeof model)['name'], string | undefined>>();
holds<Equal<(typeof model)['created'], string>>();
holds<Equal<(typeof model)['total'], number>>();

export async function properties(): Promise<void> {
  // @ts-expect-error readonly
  model.count = 5;
  // @ts-expect-error a Map cannot be expressed in JSON
  model.cache.get('x');
  // @ts-expect-error private by its name
  void model._internal;
  // @ts-expect-error private
  void model.hidden;
  const total: number = await model.$get('total');
  const other: unknown = await model.$get('anything');
  void [total, other];
}

declare const named: Procxy<Model, { mirror: ['count', '_internal'] }>;
declare const none: Procxy<Model, { mirror: false; timeout: 5 }>;
export const mirrored: number[] = [named.count, named._internal];
// @ts-expect-error not named
void named.total;
// @ts-expect-error not mirrored
void none.count;

interface Events {
  progress: [percent: number];
  done: [];
}

class Emitting extends EventEmitter<Events> {
  run(): void {}
}
class Untyped extends EventEmitter {}
class Lookalike {
  on(_event: 'a', _listener: (n: number) => void): this {
    return this;
  }
  off(_event: 'a', _listener: (n: number) => void): void {}
  emit(_event: 'a', _n: number): void {}
}
class NoEmitter {
  on(text: string): string {
    return text;
  }
}

declare const emitting: Procxy<Emitting>;
declare const untyped: Procxy<Untyped>;
declare const lookalike: Procxy<Lookalike>;
declare const noEmitter: Procxy<NoEmitter>;

export async function events(): Promise<void> {
  emitting.on('progress', (percent: number) => void percent);
  emitting.once('done', () => {});
  emitting.off('progress', (percent) => percent.toFixed());
  emitting.removeListener('done', () => {});
  untyped.on('anything', (...args) => void args);
  lookalike.on('a', (n) => n.toFixed());
  const text: string = await noEmitter.on('is a method like any other');
  const count: number = emitting.listenerCount('progress');
  void [text, count];

  // @ts-expect-error the argument is a number
  emitting.on('progress', (percent: string) => void percent);
  // @ts-expect-error events are emitted by the instance
  emitting.emit('done');
  // @ts-expect-error
  lookalike.emit('a', 1);
  // @ts-expect-error no such event
  lookalike.on('b', () => {});
}
