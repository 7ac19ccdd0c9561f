import { constants } from 'node:os';
import { kind, type Kind } from './kind.js';

const { signals } = constants;

/** The numeric id of a user or a group. Node accepts no larger number. */
export const userOrGroup = kind<number>(
  'a whole number from 0 to 2147483647',
  (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31,
);

/** A signal's name or number, read as its name. */
export const killSignal: Kind<NodeJS.Signals | number, NodeJS.Signals> = {
  ...kind('the name or number of a signal', (value) => nameOfSignal(value) !== undefined),
  read: (value) => nameOfSignal(value) ?? 'SIGTERM',
};

function nameOfSignal(value: unknown): NodeJS.Signals | undefined {
  const entry = Object.entries(signals).find(([name, number]) => name === value || number === value);
  return entry?.[0] as NodeJS.Signals | undefined;
}
