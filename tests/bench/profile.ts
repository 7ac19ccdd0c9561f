/**
 * `npm run bench:profile -- --only TEXT`: where the time of this library's works goes, in both processes, by V8's sampling profiler.
 * What is native counts for the function that calls it: `stringify` is JSON's, `writeUtf8String` the system's.
 */
import { parseArgs } from 'node:util';
import { procxy, sync } from '../../dist/index.js';
import { ProfiledWorker } from './contestants/profiled-child.js';
import { profile } from './contestants/profiler.js';
import { works } from './contestants/works.js';
import { PROCXY, rows } from './rows.js';

type SelfTimes = [name: string, ms: number][];

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const times = { warmUp: 500, time: 1500 };
const SHOWN = 14;
/** What the profiler itself takes to start. */
const INSPECTOR = 'dispatch';

for (const row of rows) {
  if (!(row.work in works) || row.isLong || row.unit === 'MB' || !`${row.id} ${row.title}`.includes(values.only))
    continue;
  for (const { name, settings, work = row.work } of row.entrants.filter((each) => each.name.startsWith(PROCXY))) {
    const { isWarm: _, ...options } = settings;
    const worker = await procxy(ProfiledWorker, './contestants/profiled-child.js', options);
    const contestant = {
      echo: worker.echo,
      fire: (count: number) => worker.fire(count, () => {}),
      ask: (count: number) => worker.ask(count, (n: number) => n),
      askSync: (count: number) =>
        worker.askSync(
          count,
          sync((n: number) => n),
        ),
    };
    const run = (works as Record<string, (...args: unknown[]) => Promise<number>>)[work];
    await worker.startProfile();
    const stop = await profile();
    const value = await run?.(contestant, { ...row.workSettings, times });
    const parent = (await stop()) as SelfTimes;
    const child = (await worker.stopProfile()) as SelfTimes;
    console.log(`\n${row.title}: ${name} (${value?.toFixed(1)} ${row.unit} while it is watched)`);
    print('parent', parent);
    print('child', child);
    await worker.$terminate();
  }
}

/** In percent of the time in which the process did anything. */
function print(side: string, selfTimes: SelfTimes): void {
  const busy = selfTimes.filter(([name]) => name !== '(idle)' && name !== INSPECTOR);
  const all = busy.reduce((sum, [, ms]) => sum + ms, 0);
  const idle = selfTimes.find(([name]) => name === '(idle)')?.[1] ?? 0;
  console.log(`  ${side}, idle for ${((100 * idle) / (all + idle)).toFixed(0)} %`);
  for (const [name, ms] of busy.slice(0, SHOWN))
    console.log(`    ${((100 * ms) / all).toFixed(1).padStart(5)} %  ${name}`);
}
