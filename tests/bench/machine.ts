/** The machine that a run is made on. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import type { Results } from './results.js';

export function describeMachine(): Results['machine'] {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    system: `${type()} ${release()}`,
    load: loadavg()[0] ?? 0,
  };
}

/** Two cores that this process may use, or none where it cannot pin others to them. */
export function findCores(): number[] {
  if (spawnSync('taskset', ['-V']).status !== 0) return [];
  const list = /^Cpus_allowed_list:\s+(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const cores = list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return cores.length > 1 ? [cores[0] as number, cores.at(-1) as number] : [];
}
