/**
 * Runs one work on one contestant, in a process of its own that has seen no other, and prints the sample. The one argument is
 * JSON: `{ contestant, settings, work, workSettings, cores }`, with `cores` where each half is to have one of its own.
 */
import { giveCoreEach, threadsOf } from './placement.js';
import { creation, works } from './works.js';

const { contestant, settings, work, workSettings, cores } = JSON.parse(process.argv[2]);
const module = await import(`./${contestant}.js`);

async function sample() {
  if (work === 'creation') return creation(module, settings, workSettings);
  const others = cores ? threadsOf(process.pid) : [];
  const running = await module.start(settings);
  await running.echo(0);
  if (cores) giveCoreEach(module.kind, cores, others);
  const value = await works[work](running, workSettings);
  await running.stop();
  return value;
}

console.log(JSON.stringify(await sample()));
process.exit();
