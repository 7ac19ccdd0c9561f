import type { Session as InspectorSession } from 'node:inspector';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { type Class, isConstructor } from '../classes.js';
import { methodNames } from '../codec/members.js';
import { now } from '../clock.js';
import { connectInspector, evaluateIn, locateClass, scriptsOf } from './v8-location.js';

/** For how long modules are looked at, in ms. It is paid once for each kind of objects, when one is first asked for its class. */
const LONGEST = 30;

export interface WantedKind {
  readonly className: string;
  readonly methods: ReadonlySet<string>;
}

/**
 * Finds a class that this process has loaded: one that code near a known class can name. V8 knows the variables of each function's
 * module, which include its imports. Imports nothing.
 * @param near a class that was loaded with it
 */
export function findLoadedClass(near: object, wanted: WantedKind): Class | undefined {
  if (wanted.className === '') return undefined;
  let session: InspectorSession;
  try {
    session = connectInspector();
  } catch {
    return undefined;
  }
  try {
    const found = new Set<Class>();
    for (const candidate of nearby(session, near)) if (isWanted(candidate, wanted)) found.add(candidate);
    const [type, ...others] = found;
    return others.length === 0 ? type : undefined;
  } finally {
    session.disconnect();
  }
}

/** Lists the functions that modules can name, from the nearest module on. */
function* nearby(session: InspectorSession, near: object): Generator<object> {
  const end = now() + LONGEST;
  const queue = [near];
  const known = new Set(queue);
  const scripts = new Set<string>();
  for (let next = queue.shift(); next; next = queue.shift()) {
    yield next;
    const base = Object.getPrototypeOf(next) as object | null;
    if (isConstructor(base) && !known.has(base)) {
      known.add(base);
      queue.push(base);
    }
    // The module of the known class itself is always looked at.
    if (next !== near && now() > end) continue;
    for (const variable of variablesOf(session, next, scripts)) {
      if (known.has(variable)) continue;
      known.add(variable);
      queue.push(variable);
    }
  }
}

/** Lists the functions among the variables of the module that defines a function. @param scripts those that were looked at */
function variablesOf(session: InspectorSession, fn: object, scripts: Set<string>): object[] {
  const variables: object[] = [];
  const take = (scope: { object?: object }): void => {
    for (const value of dataOf(scope.object ?? scope)) {
      if (typeof value === 'function') variables.push(value);
      // A namespace, or the exports of a module.
      else if (typeof value === 'object' && value !== null && !types.isProxy(value)) {
        for (const member of dataOf(value)) if (typeof member === 'function') variables.push(member);
      }
    }
  };
  evaluateIn(session, { fn, take }, (objectId, key) => {
    session.post('Runtime.getProperties', { objectId, ownProperties: true }, (_error, reply) => {
      const internal = (name: string) => reply?.internalProperties?.find((property) => property.name === name)?.value;
      const { scriptId } = (internal('[[FunctionLocation]]')?.value ?? {}) as { scriptId?: string };
      const scopes = internal('[[Scopes]]')?.objectId;
      if (scopes === undefined || scriptId === undefined || scripts.has(scriptId)) return;
      scripts.add(scriptId);
      session.post('Runtime.getProperties', { objectId: scopes, ownProperties: true }, (_failure, list) => {
        for (const { value } of list?.result ?? []) {
          if (value?.objectId === undefined || value.description?.startsWith('Global')) continue;
          const functionDeclaration = `function () { ${key}.take(this); }`;
          session.post('Runtime.callFunctionOn', { objectId: value.objectId, functionDeclaration });
        }
      });
    });
  });
  return variables;
}

/** Lists the values of an object's own properties. Runs no getter. */
function dataOf(object: object): unknown[] {
  const values: unknown[] = [];
  for (const key of Object.getOwnPropertyNames(object)) {
    try {
      values.push(Object.getOwnPropertyDescriptor(object, key)?.value);
    } catch {
      // An export of a module that is still loading.
    }
  }
  return values;
}

function isWanted(candidate: object, { className, methods }: WantedKind): candidate is Class {
  const own = (key: string): unknown => Object.getOwnPropertyDescriptor(candidate, key)?.value;
  const prototype = own('prototype');
  if (own('name') !== className || typeof prototype !== 'object' || prototype === null) return false;
  return isConstructor(candidate) && [...methodNames(prototype)].every((name) => methods.has(name));
}

/** Finds an export of a module that this process has loaded. Loads nothing. @param name such as `'Heavy'` or `'api.Heavy'` */
export function findLoadedExport(url: string, name: string): Class | undefined {
  if (!url.startsWith('file:')) return undefined;
  const path = fileURLToPath(url);
  const require = createRequire(url);
  const exported = require.cache[path]?.exports as unknown;
  if (exported !== undefined) return memberAt(exported, name) ?? memberAt({ default: exported }, name);
  try {
    // Hooks of a loader might load the module again.
    const isNodes = 'unknown' in locateClass(require.extensions['.js'] as object);
    return isNodes && scriptsOf().has(url) ? memberAt(require(path) as unknown, name) : undefined;
  } catch {
    return undefined;
  }
}

function memberAt(exports: unknown, name: string): Class | undefined {
  const member = name
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], exports);
  return isConstructor(member) ? member : undefined;
}
