import { ModuleResolutionError } from '../errors.js';
import type { ClassReference } from '../protocol.js';

export type Class = new (...args: unknown[]) => object;

/** A function that a module exports, and under which names: `Worker`, `default.Worker`. */
interface Candidate {
  value: Class;
  exportedAs: string[];
}

/** How deep below the namespace a class may stand: transpiled CommonJS puts it under `default.default.Worker`. */
const MAX_DEPTH = 3;
/** An object with more keys is data, not a module. */
const MAX_KEYS = 10_000;

/**
 * The export that is the class: the one of the same source text, then the one of the same name.
 * @throws {ModuleResolutionError} that names the candidates, when there is none or several that differ
 */
export function findClass(namespace: object, { name, source }: ClassReference, module: string): Class {
  const candidates = collect(namespace);
  const sameText = candidates.filter(({ value }) => Function.prototype.toString.call(value) === source);
  const sameName = (sameText.length > 0 ? sameText : candidates).filter(({ value, exportedAs }) => {
    return value.name === name || exportedAs.includes(name);
  });
  const matches = sameText.length === 1 ? sameText : sameName;
  const [match, ...others] = matches;
  if (match && others.length === 0) return match.value;

  const called = name === '' ? 'an anonymous class' : `the class ${name}`;
  if (match) {
    throw new ModuleResolutionError(
      `${module} exports several that could be ${called}: ${list(matches)}. Give each a name of its own, or a module of its own.`,
    );
  }
  throw new ModuleResolutionError(
    candidates.length === 0
      ? `${module} exports no class; ${called} was looked for. Export it there, or name the right file in \`modulePath\`.`
      : `${module} does not export ${called}; it exports ${list(candidates)}. Export it there, or name the right file in \`modulePath\`.`,
  );
}

function list(candidates: Candidate[]): string {
  return candidates.map(({ exportedAs }) => exportedAs[0]).join(', ');
}

function collect(namespace: object): Candidate[] {
  const found = new Map<Class, Candidate>();
  const seen = new Set<object>();
  let level: [prefix: string, holder: object][] = [['', namespace]];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const next: typeof level = [];
    for (const [prefix, holder] of level) {
      if (seen.has(holder)) continue;
      seen.add(holder);
      for (const [key, value] of members(holder, isModuleLike(prefix))) {
        const path = prefix + key;
        if (isClass(value)) {
          const candidate = found.get(value);
          if (candidate) candidate.exportedAs.push(path);
          else found.set(value, { value, exportedAs: [path] });
        }
        if (typeof value === 'function' || (typeof value === 'object' && value !== null))
          next.push([`${path}.`, value]);
      }
    }
    level = next;
  }
  return [...found.values()];
}

/** The namespace itself, and what stands for one in transpiled or CommonJS modules. */
function isModuleLike(prefix: string): boolean {
  return /^(default\.|module\.exports\.)*$/.test(prefix);
}

/** Modules re-export by getters; a getter of any other object is not ours to run. */
function* members(holder: object, readGetters: boolean): Generator<[string, unknown]> {
  const keys = Object.keys(holder);
  if (keys.length > MAX_KEYS) return;
  for (const key of keys) {
    const getter = Object.getOwnPropertyDescriptor(holder, key)?.get !== undefined;
    if (readGetters || !getter) yield [key, read(holder, key)];
  }
}

function isClass(value: unknown): value is Class {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

/** An export may be a getter that throws, or not be initialized yet. */
function read(holder: object, key: string): unknown {
  try {
    return (holder as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
