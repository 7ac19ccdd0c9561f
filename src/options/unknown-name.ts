/** Names with more differences are not suggested. */
const MAX_DISTANCE = 3;

/** Returns a sentence that says that an option does not exist, and which one may be meant. */
export function unknownName(path: string, known: readonly string[]): string {
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(path.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)[0];
  const suggestion =
    near && near.distance <= MAX_DISTANCE ? `did you mean \`${near.candidate}\`?` : `known are ${known.join(', ')}.`;
  return `There is no option \`${path}\`; ${suggestion}`;
}

/** Levenshtein distance, computed row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
