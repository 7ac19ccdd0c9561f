import { ModuleResolutionError } from '../errors.js';
import { type Class, isConstructor, nameOf, shapeOf, sourceOf } from '../classes.js';
import type { WantedClass } from '../protocol.js';

/** A function that a module exports, with its paths in the namespace, such as `Worker` and `default.Worker`. */
interface Candidate {
  value: Class;
  exportedAs: string[];
}

/** How deep in the namespace a class may be: transpiled CommonJS exports it as `default.default.Worker`. */
const MAX_DEPTH = 3;
/** An object with more keys is taken for data, not for a module. */
const MAX_KEYS = 10_000;

/** The name that Node gives to an anonymous class that is a default export. A named class is another one. */
const ANONYMOUS_DEFAULT = 'default';

/**
 * Finds the export that is the wanted class: by its export name if given, else by its source text, else by its name.
 * @throws {ModuleResolutionError} if no export matches, or several do; it lists the candidates
 */
export function findClass(namespace: object, wanted: WantedClass, module: string): Class {
  const candidates = collect(namespace);
  if (wanted.exportName !== undefined) return findExport(namespace, wanted.exportName, candidates, module);
  const isAnonymous = wanted.name === '' || wanted.name === ANONYMOUS_DEFAULT;
  const named = candidates.filter(({ value, exportedAs }) => {
    if (nameOf(value) === wanted.name) return true;
    return exportedAs.includes(wanted.name) && !(isAnonymous && isNamedInText(value));
  });
  const matches = findMatches(candidates, named, wanted);
  const [match, ...others] = matches;
  if (match && others.length === 0) return match.value;

  const called = isAnonymous ? 'an anonymous class' : `the class ${wanted.name}`;
  if (match) {
    throw new ModuleResolutionError(
      `${module} exports several candidates for ${called}: ${list(matches)}. Name one of them in \`exportName\`.`,
    );
  }
  if (named[0]) {
    throw new ModuleResolutionError(
      `${module} exports ${list(named)}, which differs from ${called}. Name the right file in \`modulePath\`, or the export in \`exportName\`.`,
    );
  }
  throw new ModuleResolutionError(
    candidates.length === 0
      ? `${module} exports no class, so ${called} was not found. Export it there, or name the right file in \`modulePath\`.`
      : `${module} does not export ${called}; it exports ${list(candidates)}. Export it there, name the right file in \`modulePath\`, or name the export in \`exportName\` if a minifier has renamed the class.`,
  );
}

/**
 * Finds candidates with the same source text, and if there are several, those that also have the same name. If no text matches,
 * finds candidates by name alone: a bundler or another loader may have changed the text.
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

/** Whether a candidate with another text can be the wanted class, and not a factory function with its name. */
function mayBe(candidate: Class, { source = '', shape, isModuleNamed }: WantedClass): boolean {
  const text = sourceOf(candidate);
  // The same text with another shape comes from another call of the same mixin.
  if (!isModuleNamed || text === source) return shapeOf(candidate) === shape;
  return isClassText(text) || !isClassText(source) || shapeOf(candidate) !== shapeOf(bare);
}

/** A function without own members, for comparison. */
const bare = function (): void {} as unknown as Class;

function isClassText(text: string): boolean {
  return /^(class\b|@)/.test(text);
}

/** Whether the author has named a class. TypeScript names an anonymous one `default_1`, and Babel `_default`. */
function isNamedInText(type: Class): boolean {
  return /^class\s+(?!extends\s|_?default)[\p{ID_Start}$_]/u.test(sourceOf(type));
}

/** Finds an export by its path, such as `Sorter`, `default` or `api.Sorter`. */
function findExport(namespace: object, exportName: string, candidates: Candidate[], module: string): Class {
  for (const root of roots(namespace)) {
    const value = exportName.split('.').reduce<unknown>(read, root);
    if (isConstructor(value)) return value;
  }
  const others = candidates.length === 0 ? 'It exports no class at all.' : `It exports ${list(candidates)}.`;
  throw new ModuleResolutionError(`${module} exports no class as \`${exportName}\`. ${others}`);
}

/** The namespace, and the places in it where transpiled and CommonJS modules have their exports. */
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

/** Whether the path leads to the namespace itself, or to its equivalent in transpiled and CommonJS modules. */
function isModuleLike(prefix: string): boolean {
  return /^(default\.|module\.exports\.)*$/.test(prefix);
}

/** Lists the members of an object. Modules re-export with getters, but getters of other objects must not run. */
function* membersIn(holder: object, readGetters: boolean): Generator<[string, unknown]> {
  const keys = Object.keys(holder);
  if (keys.length > MAX_KEYS) return;
  for (const key of keys) {
    const getter = Object.getOwnPropertyDescriptor(holder, key)?.get !== undefined;
    if (readGetters || !getter) yield [key, read(holder, key)];
  }
}

/** Reads an export, which may be a getter that throws, or not initialized yet. */
function read(holder: unknown, key: string): unknown {
  try {
    return (holder as Record<string, unknown> | undefined)?.[key];
  } catch {
    return undefined;
  }
}
