import { nameOf, type Class } from '../classes.js';
import { OptionsValidationError } from '../errors.js';
import { isPromise } from '../is-promise.js';
import { show } from '../options/show.js';

type AnyFunction = (...args: unknown[]) => unknown;

/**
 * Makes the instance with `new`, or with the static method that `create` names. A promise is awaited, but an instance that only
 * has a method `then` is not. Returns it in an object, so that awaiting this function does not call its `then` either.
 * @throws {OptionsValidationError} if there is no such method, or it does not return an object
 */
export async function makeInstance(
  type: Class,
  create: string | undefined,
  args: unknown[],
): Promise<{ object: object }> {
  const made: unknown = create === undefined ? new type(...args) : staticMethod(type, create).apply(type, args);
  const result: { object: unknown } = { object: isPromise(made) && !isInstance(made, type) ? await made : made };
  if ((typeof result.object === 'object' && result.object !== null) || typeof result.object === 'function') {
    return result as { object: object };
  }
  const what = create === undefined ? 'The promise that the constructor returned' : `${nameOf(type)}.${create}()`;
  throw new OptionsValidationError(
    `${what} must give the instance, but got ${show(result.object)}. Return an object from it.`,
  );
}

function staticMethod(type: Class, name: string): AnyFunction {
  const method = (type as unknown as Record<string, unknown>)[name];
  if (typeof method === 'function') return method as AnyFunction;
  const others = Object.getOwnPropertyNames(type).filter((each) => isStaticMethod(type, each));
  const has = others.length === 0 ? 'It has none' : `It has ${others.join(', ')}`;
  throw new OptionsValidationError(
    `The option \`create\` must name a static method of ${nameOf(type) || 'the class'}, but got '${name}'. ${has}.`,
  );
}

function isStaticMethod(type: Class, name: string): boolean {
  return name !== 'prototype' && typeof Object.getOwnPropertyDescriptor(type, name)?.value === 'function';
}

function isInstance(value: unknown, type: Class): boolean {
  const { prototype } = type as { prototype?: unknown };
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    Object.prototype.isPrototypeOf.call(prototype, value as object)
  );
}
