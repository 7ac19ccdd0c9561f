import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { procxy, type Procxy, type ProcxyOptions } from 'procxy';
import { FunctionUser } from '../fixtures/function-user.js';

type Fn = (...args: never[]) => unknown;
/** A function of the child, as the parent sees it. */
export type Remote = (...args: unknown[]) => Promise<unknown>;

export interface Thrown {
  isError: boolean;
  value?: unknown;
  name?: string;
  message?: string;
  code?: string;
  path?: string;
  base?: string;
  cause?: Thrown;
}

export interface Attempt {
  value?: unknown;
  thrown?: Thrown;
}

/** The proxy as this test uses it. The modes' own types do not know functions in arguments and results. */
export interface RemoteFunctionUser extends Omit<
  Procxy<FunctionUser, ProcxyOptions>,
  keyof FunctionUser | '$releaseCallback'
> {
  on(event: string, listener: (...args: never[]) => void): this;
  off(event: string, listener: (...args: never[]) => void): this;
  pid(): Promise<number>;
  ping(): Promise<string>;
  call(fn: unknown, ...args: unknown[]): Promise<unknown>;
  callWithin(holder: object, path: (string | number)[], ...args: unknown[]): Promise<unknown>;
  callAll(map: Map<unknown, unknown>, set: Set<unknown>): Promise<unknown[]>;
  describe(fn: unknown): Promise<{ type: string; name: string; length: number }>;
  typesOf(...values: unknown[]): Promise<string[]>;
  echo<T>(value: T): Promise<T>;
  same(a: unknown, b: unknown): Promise<boolean>;
  leadsBack(cyclic: object): Promise<boolean>;
  keep(fn: Fn): Promise<number>;
  indexOfKept(fn: Fn): Promise<number>;
  callKept(index: number, ...args: unknown[]): Promise<unknown>;
  drop(): Promise<void>;
  adder(n: number): Promise<Remote>;
  adders(count: number): Promise<Remote[]>;
  own(): Promise<Remote>;
  isOwn(fn: unknown): Promise<boolean>;
  counter(): Promise<{ total: number; add: Remote }>;
  never(): Promise<Remote>;
  slow(ms: number, value?: unknown): Promise<Remote>;
  thrower(value: unknown): Promise<Remote>;
  typeErrorThrower(): Promise<Remote>;
  returnClass(): Promise<unknown>;
  returnSync(): Promise<unknown>;
  mapMaker(): Promise<Remote>;
  attempt(fn: unknown, ...args: unknown[]): Promise<Attempt>;
  attemptNow(fn: unknown, ...args: unknown[]): Promise<Attempt>;
  burst(fn: Fn, count: number): Promise<number>;
  invokeMany(fn: Fn, count: number, width: number): Promise<void>;
  sendFunctions(fn: Fn, count: number): Promise<void>;
  useAndHandle(fn: Fn, how: string): Promise<string>;
  emitFunction(event: string, value?: unknown): Promise<boolean>;
  strange(place: 'before' | 'after'): Promise<unknown>;
  callWithMap(fn: Fn): Promise<unknown>;
  collectGarbage(): Promise<number>;
  countAndCall(fn: Fn): Promise<{ seen: unknown }>;
  die(): Promise<void>;
  readonly answer: unknown;
  readonly counted: number;
  $releaseCallback(fn: Fn): boolean;
}

/** With callbacks, unless the options say otherwise. */
export async function startFunctionUser(options: ProcxyOptions, ...args: unknown[]): Promise<RemoteFunctionUser> {
  const start = procxy as unknown as (...given: unknown[]) => Promise<RemoteFunctionUser>;
  const settings = { enableCallbacks: true, ...options };
  return start(FunctionUser, '../fixtures/function-user.js', settings, ...args);
}

/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`It was to reject, and resolved to ${String(value)}`);
    },
    (error: unknown) => error,
  );
}

let collect: (() => void) | undefined;

/** Collects this process's garbage. */
export function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}

export interface Counts {
  /** Functions of the parent that the child holds, as counted by the parent and by the child. */
  ofParent: [exported: number, imported: number];
  /** Functions of the child that the parent holds, as counted by the child and by the parent. */
  ofChild: [exported: number, imported: number];
}

export async function counts(user: Pick<RemoteFunctionUser, '$stats'>): Promise<Counts> {
  const { parent, child } = await user.$stats();
  return {
    ofParent: [parent.exportedFunctions, child.importedFunctions],
    ofChild: [child.exportedFunctions, parent.importedFunctions],
  };
}

export const none: Counts = { ofParent: [0, 0], ofChild: [0, 0] };

/** Collects garbage on both sides until the registries hold no more than this, or a long time has passed. Returns the last counts. */
export async function countsAfterCollection(
  user: Pick<RemoteFunctionUser, '$stats' | 'collectGarbage'>,
  expected: Counts = none,
): Promise<Counts> {
  const end = performance.now() + 20_000;
  for (;;) {
    collectGarbage();
    await user.collectGarbage();
    const now = await counts(user);
    if (JSON.stringify(now) === JSON.stringify(expected) || performance.now() > end) return now;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Makes several calls at a time, to save time. */
export async function inWindows(count: number, width: number, call: (n: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i += width) await Promise.all(Array.from({ length: width }, (_, j) => call(i + j)));
}

/** Returns the warnings of this process while `action` runs, and shortly after. */
export async function warningsDuring(action: () => Promise<unknown>): Promise<(Error & { code?: string })[]> {
  const warnings: Error[] = [];
  const record = (warning: Error): number => warnings.push(warning);
  process.on('warning', record);
  try {
    await action();
    await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    process.off('warning', record);
  }
  return warnings;
}
