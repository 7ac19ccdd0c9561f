/** The version of this package. A test compares it to package.json. */
export const PROCXY_VERSION = '0.1.0';

/** Whether two versions of procxy understand each other: the same major and minor number. */
export function speaksWith(one: string, other: string): boolean {
  return minorOf(one) === minorOf(other);
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** Whether `offered` may stand in for `wanted`, as `^wanted` of npm means it. */
export function isCompatible(offered: string, wanted: string): boolean {
  const [has, needs] = [numbersOf(offered), numbersOf(wanted)];
  const fixed = needs.findIndex((part) => part > 0);
  // Up to the first number that is not 0, all must be equal: 1.x.x, 0.1.x, 0.0.1.
  for (let index = 0; index <= (fixed < 0 ? 2 : fixed); index++) if (has[index] !== needs[index]) return false;
  const difference = has.map((part, index) => part - (needs[index] ?? 0)).find((each) => each !== 0) ?? 0;
  return difference >= 0;
}

function numbersOf(version: string): number[] {
  return version.split(/[-+]/, 1)[0]?.split('.').map(Number) ?? [];
}
