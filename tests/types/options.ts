import type { ChildProcess } from 'node:child_process';
import { procxy, type ChildCrashedError, type Procxy, type ProcxyOptions, type Restart } from 'procxy';
import { holds, type Equal } from './assert.js';

class Greedy {
  constructor(...given: any[]) {
    void given;
  }
}

class Plain {
  run(): number {
    return 1;
  }
}

class Named {
  constructor(readonly name: string) {}
}

const options = { enableCallbacks: true, serialization: 'advanced' } as const;

// The options are never taken for a constructor's argument, which can be of any type here.
holds<Equal<ReturnType<typeof greedy>, Promise<Procxy<Greedy, typeof options>>>>();
const greedy = () => procxy(Greedy, options);
holds<Equal<ReturnType<typeof greedyWithModule>, Promise<Procxy<Greedy, typeof options>>>>();
const greedyWithModule = () => procxy(Greedy, './greedy.js', options, 1, 'two');

holds<Equal<ReturnType<typeof plain>, Promise<Procxy<Plain, { readonly retries: 1 }>>>>();
const plain = () => procxy(Plain, { retries: 1 });

// @ts-expect-error there is no such option
void procxy(Plain, { retry: 1 });
// @ts-expect-error nor is there with a module
void procxy(Plain, './plain.js', { retry: 1 });
// @ts-expect-error a value of another type
void procxy(Plain, { retries: 'once' });
// @ts-expect-error the constructor's argument is missing
void procxy(Named, { retries: 1 });
void procxy(Named, { retries: 1 }, 'Ada');
// @ts-expect-error of another type
void procxy(Named, './named.js', { retries: 1 }, 5);

holds<Equal<ProcxyOptions['serialization'], 'json' | 'advanced' | undefined>>();
holds<Equal<ProcxyOptions['mirror'], boolean | readonly string[] | undefined>>();

// Only options that name `inProcess` make it possible that there is no process.
holds<Equal<Procxy<Plain>['$process'], ChildProcess>>();
holds<Equal<Procxy<Plain, ProcxyOptions>['$process'], ChildProcess>>();
holds<Equal<Procxy<Plain, { readonly inProcess: false }>['$process'], ChildProcess>>();
holds<Equal<Procxy<Plain, { readonly inProcess: true }>['$process'], undefined>>();
holds<Equal<Procxy<Plain, { inProcess: boolean }>['$process'], ChildProcess | undefined>>();

// The functions among the options know the class.
void procxy(Plain, {
  restart: { maxRestarts: 3, onRestart: (proxy, crash) => [proxy.run().then(holdsNumber), crash.exitCode] },
});
void procxy(Plain, './plain.js', {
  retries: 1,
  restart: { onRestart: async (proxy) => holdsNumber(await proxy.run()) },
});
// @ts-expect-error it has no such method
void procxy(Plain, { restart: { onRestart: (proxy) => proxy.walk() } });
// @ts-expect-error there is no such option
void procxy(Plain, { restart: { maxRestart: 3 } });
const holdsNumber = (value: number): number => value;
holds<Equal<Procxy<Plain>['$restarts'], number>>();

// Written apart from the call, they are functions too.
const restart: Restart<Procxy<Plain>> = { onRestart: async (proxy, crash) => [await proxy.run(), crash.exitCode] };
void procxy(Plain, { restart });
const anyRestart: Restart = { onRestart: (proxy: Procxy<Plain>) => proxy.run(), maxRestarts: 3 };
void procxy(Plain, { restart: anyRestart });
holds<Equal<Parameters<NonNullable<Restart['onRestart']>>, [proxy: never, crash: ChildCrashedError]>>();
// @ts-expect-error not a function
export const wrongRestart: Restart = { onRestart: {} };
