/**
 * Picks one of several members for a key, always the same one while it exists. When a member goes, only its own keys move. The
 * highest hash of key and member decides.
 */
export function rendezvous<T extends { readonly id: number }>(key: string, members: Iterable<T>): T | undefined {
  let best: T | undefined;
  let highest = -1;
  for (const member of members) {
    const hash = hashOf(`${member.id}:${key}`);
    if (hash > highest) [best, highest] = [member, hash];
  }
  return best;
}

/** FNV-1a, with the bits mixed once more: members that are numbered one after the other differ in few bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}
