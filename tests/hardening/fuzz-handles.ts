import { procxy } from 'procxy';
import { Elsewhere } from '../fixtures/elsewhere.js';
import { giveAndReset } from './resets.js';

const module = new URL('../fixtures/elsewhere.js', import.meta.url);
/** How many sockets are on their way at once. */
const AT_ONCE = 20;
/** What may become of a socket that is reset on its way: the receiver hears of it, or the sender is refused. */
const known = new Set(['ECONNRESET', 'closed', 'HandleTransferError']);

/**
 * Gives sockets to one child while their clients reset them. The child must live, and each call must settle.
 * @returns how many ended in which way
 */
export async function fuzzHandles(serialization: 'json' | 'advanced', sockets: number): Promise<Map<string, number>> {
  const endings = new Map<string, number>();
  const remote = await procxy(Elsewhere, module, { serialization, supportHandles: true });
  const give = async (): Promise<void> => {
    const given = giveAndReset((socket) => remote.ending(socket));
    const ending = String(await given.catch((error: Error) => error.name));
    if (!known.has(ending)) throw new Error(`A socket that was reset on its way ended with: ${ending}`);
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
  };
  try {
    for (let done = 0; done < sockets; done += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, give));
    const { parent, child } = await remote.$stats();
    if (parent.pendingCalls + child.openStreams > 1) throw new Error('Something is still open.');
  } finally {
    await remote.$terminate();
  }
  return endings;
}
