import { setFlagsFromString } from 'node:v8';

type Collect = () => void;

let collect: Collect | undefined;

/** Collects all garbage now. It blocks this process for some ms. */
export function collectGarbage(): void {
  collect ??= exposeCollector();
  // Twice: Node's deserializer holds the values it made until it is collected itself.
  collect();
  collect();
}

/** Gets the collector without `--expose-gc` on the command line. Only contexts created after the flag is set have `gc`. */
function exposeCollector(): Collect {
  const { Bun } = globalThis as { Bun?: { gc(isSynchronous: boolean): void } };
  if (Bun) return () => Bun.gc(true);
  setFlagsFromString('--expose-gc');
  const gc = process.getBuiltinModule('node:vm').runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return gc;
}
