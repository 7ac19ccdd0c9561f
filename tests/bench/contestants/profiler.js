import { Session } from 'node:inspector/promises';

/** Samples this process. Resolves to what ends that and tells the ms of each function by itself, the largest first. */
export async function profile() {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
  return async () => {
    const { profile: result } = await session.post('Profiler.stop');
    session.disconnect();
    return selfTimes(result);
  };
}

function selfTimes({ nodes, samples, timeDeltas }) {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id);
    times.set(name, (times.get(name) ?? 0) + timeDeltas[index] / 1000);
  }
  return [...times].toSorted(([, a], [, b]) => b - a);
}

/** Of a bundle its file alone: what is in it has names of its own. */
function nameOf({ functionName, url }) {
  const file = url.startsWith('node:') ? url : url.split('/').at(-1);
  return file === '' ? functionName : `${functionName || '(anonymous)'}, ${file}`;
}
