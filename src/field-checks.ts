/** What fields of messages and descriptors are checked for. */

export const isId = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
export const isString = (value: unknown): value is string => typeof value === 'string';
/** `true`, or left out. */
export const isMark = (value: unknown): boolean => value === undefined || value === true;
