/** Checks for fields of messages and descriptors. */

export const isId = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
export const isString = (value: unknown): value is string => typeof value === 'string';
/** Whether a field is `true` or absent. */
export const isMark = (value: unknown): boolean => value === undefined || value === true;
