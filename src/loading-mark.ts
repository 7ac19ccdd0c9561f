import type { ModuleReference, WantedClass } from './protocol.js';

/** A class and its module. */
export interface Wanted {
  class: WantedClass;
  module: ModuleReference | undefined;
}

/**
 * While the agent loads the module of a class, that module must not call `procxy()` with the same class: every child would start
 * another. Global, since the agent and the module have separate copies of this library.
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

/** Whether this process is a child that is loading the module of this class. */
export function isLoading(wanted: Wanted): boolean {
  const loading = marked[mark];
  if (!loading) return false;
  // A class is identified by its text. A reference has no text, and is identified by its module.
  const hasText = wanted.class.source !== undefined;
  return (
    loading.class.name === wanted.class.name &&
    loading.class.source === wanted.class.source &&
    loading.class.exportName === wanted.class.exportName &&
    (hasText || JSON.stringify(loading.module) === JSON.stringify(wanted.module))
  );
}
