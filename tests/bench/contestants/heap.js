import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect;

/** Bytes of this process's heap that are in use when what nobody refers to is gone. */
export function usedAfterCollection() {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc');
  }
  collect();
  return process.memoryUsage().heapUsed;
}
