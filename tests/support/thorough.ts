/**
 * How often what takes its time is done: `share` times in `npm test`, `whole` times in `npm run check:full`,
 * which sets PROCXY_THOROUGH.
 */
export function times(share: number, whole: number): number {
  return process.env['PROCXY_THOROUGH'] ? whole : share;
}
