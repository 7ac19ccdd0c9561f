import { brief, labelOf, type Question } from './offers.js';
import type { ResolvedServe } from './serve-options.js';
import { isCompatible, PROCXY_VERSION, speaksWith } from './versions.js';

/** Returns why a host cannot run what a client asks for, however much room it has. `undefined` if it can. */
export function mismatchOf(
  { classes, labels }: Pick<ResolvedServe, 'classes' | 'labels'>,
  name: string,
  { procxy, version, where }: Question,
): string | undefined {
  const served = classes.get(name);
  if (!served) return `it does not serve ${name}`;
  if (!speaksWith(PROCXY_VERSION, procxy)) return `it runs procxy ${PROCXY_VERSION}, and the client ${brief(procxy)}`;
  if (version !== undefined && served.version === undefined) return `it does not say which version of ${name} it has`;
  if (version !== undefined && !isCompatible(served.version ?? '', version)) {
    return `it has ${name} ${served.version}, and the client needs ${brief(version)}`;
  }
  const missing = Object.entries(where).find(([label, value]) => labelOf(labels, label) !== value);
  if (!missing) return undefined;
  const [label, wanted] = missing;
  return `its label ${brief(label)} is ${labelOf(labels, label)}, not ${brief(String(wanted))}`;
}
