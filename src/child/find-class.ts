import { ModuleResolutionError } from '../errors.js';
import { type Class, isConstructor, nameOf, shapeOf, sourceOf } from '../classes.js';
import type { WantedClass } from '../protocol.js';

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
 * The export that is the class: the one that is named, else the one of the same source text, else the one of the same name.
 * @throws {ModuleResolutionError} that names the candidates, when there is none or several that differ
 */
export function findClass(namespace: object, wanted: WantedClass, module: string): Class {
  const candidates = collect(namespace);
  if (wanted.exportName !== undefined) return findExport(namespace, wanted.exportName, candidates, module);
  const named = candidates.filter(({ value, exportedAs }) => {
    return nameOf(value) === wanted.name || exportedAs.includes(wanted.name);
  });
  const matches = findMatches(candidates, named, wanted);
  const [match, ...others] = matches;
  if (match && others.length === 0) return match.value;

  const called = wanted.name === '' ? 'an anonymous class' : `the class ${wanted.name}`;
  if (match) {
    throw new ModuleResolutionError(
      `${module} exports several that could be ${called}: ${list(matches)}. Name one of them in \`exportName\`.`,
    );
  }
  if (named[0]) {
    throw new ModuleResolutionError(
      `${module} exports ${list(named)}, which differs from ${called}. Name the right file in \`modulePath\`, or the export in \`exportName\`.`,
    );
  }
  throw new ModuleResolutionError(
    candidates.length === 0
      ? `${module} exports no class; ${called} was looked for. Export it there, or name the right file in \`modulePath\`.`
      : `${module} does not export ${called}; it exports ${list(candidates)}. Export it there, name the right file in \`modulePath\`, or name the export in \`exportName\` if a minifier has renamed the class.`,
  );
}

/**
 * Of the same text, and of the same name where several have it. Only where none has it, those that are merely named like the class:
 * a bundler may have changed the text, or another loader.
 */
function findMatches(candidates: Candidate[], named: Candidate[], wanted: WantedClass): Candidate[] {
  const sameText = candidates.filter(({ value }) => {
    return sourceOf(value) === wanted.source && shapeOf(value) === wanted.shape;
  });
  if (sameText.length > 0) {
    const both = sameText.length > 1 ? sameText.filter((candidate) => named.includes(candidate)) : [];
    return both.length > 0 ? both : sameText;
  }
  return named.filter(({ value }) => mayBe(value, wanted));
}

/** Whether a class of another text can be the wanted one, and is not a function that makes it. */
function mayBe(candidate: Class, { source = '', shape, isModuleNamed }: WantedClass): boolean {
  const text = sourceOf(candidate);
  // The same text with another shape is another class of one mixin.
  if (!isModuleNamed || text === source) return shapeOf(candidate) === shape;
  return isClassText(text) || !isClassText(source) || shapeOf(candidate) !== shapeOf(bare);
}

/** A function that has no members of its own. */
const bare = function (): void {} as unknown as Class;

function isClassText(text: string): boolean {
  return /^(class\b|@)/.test(text);
}

/** An export that is named by its path: `Sorter`, `default`, `api.Sorter`. */
function findExport(namespace: object, exportName: string, candidates: Candidate[], module: string): Class {
  for (const root of roots(namespace)) {
    const value = exportName.split('.').reduce<unknown>(read, root);
    if (isConstructor(value)) return value;
  }
  const others =
    candidates.length === 0 ? 'It exports no class at all.' : `Name one of those it has: ${list(candidates)}.`;
  throw new ModuleResolutionError(`${module} exports no class as \`${exportName}\`. ${others}`);
}

/** The namespace, and the exports of transpiled or CommonJS modules in it. */
function roots(namespace: object): unknown[] {
  const inner = read(namespace, 'default');
  return [namespace, inner, read(inner, 'default'), read(namespace, 'module.exports')];
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
      for (const [key, value] of membersIn(holder, isModuleLike(prefix))) {
        const path = prefix + key;
        if (isConstructor(value)) {
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
function* membersIn(holder: object, readGetters: boolean): Generator<[string, unknown]> {
  const keys = Object.keys(holder);
  if (keys.length > MAX_KEYS) return;
  for (const key of keys) {
    const getter = Object.getOwnPropertyDescriptor(holder, key)?.get !== undefined;
    if (readGetters || !getter) yield [key, read(holder, key)];
  }
}

/** An export may be a getter that throws, or not be initialized yet. */
function read(holder: unknown, key: string): unknown {
  try {
    return (holder as Record<string, unknown> | undefined)?.[key];
  } catch {
    return undefined;
  }
}
