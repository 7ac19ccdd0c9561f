import { setFlagsFromString } from 'node:v8';

type Collect = () => void;

let collect: Collect | undefined;

/** Collects all garbage now, which stops this process for some ms. */
export function collectGarbage(): void {
  collect ??= exposeCollector();
  // Twice: what Node's deserializer has made is held by it until it is itself collected.
  collect();
  collect();
}

/** As `--expose-gc` would, without the flag: only contexts made after it have a `gc`. */
function exposeCollector(): Collect {
  const { Bun } = globalThis as { Bun?: { gc(isSynchronous: boolean): void } };
  if (Bun) return () => Bun.gc(true);
  setFlagsFromString('--expose-gc');
  const gc = process.getBuiltinModule('node:vm').runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return gc;
}
