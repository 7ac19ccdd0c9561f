import type { ModuleReference, WantedClass } from './protocol.js';

/** A class, and where it is. */
export interface Wanted {
  class: WantedClass;
  module: ModuleReference | undefined;
}

/**
 * While the agent loads a module, that module must not ask for a proxy of the class it is loaded for: every
 * child would start another. Global, since the agent and the module each have their own copy of this library.
 */
const mark = Symbol.for('procxy.loading');
const marked = globalThis as { [mark]?: Wanted };

/** Runs `load` with the mark set. */
export async function withLoadingMark<T>(wanted: Wanted, load: () => Promise<T>): Promise<T> {
  marked[mark] = wanted;
  try {
    return await load();
  } finally {
    delete marked[mark];
  }
}

/** Whether this process is a child that is loading the module of this very class. */
export function isLoading(wanted: Wanted): boolean {
  const loading = marked[mark];
  if (!loading) return false;
  // A class is known by its text; a reference has none, and is known by its module.
  const hasText = wanted.class.source !== undefined;
  return (
    loading.class.name === wanted.class.name &&
    loading.class.source === wanted.class.source &&
    loading.class.exportName === wanted.class.exportName &&
    (hasText || JSON.stringify(loading.module) === JSON.stringify(wanted.module))
  );
}
