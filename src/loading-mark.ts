import type { ClassReference } from './protocol.js';

/**
 * While the agent loads a module, that module must not ask for a proxy of the class it is loaded for: every
 * child would start another. Global, since the agent and the module each have their own copy of this library.
 */
const mark = Symbol.for('procxy.loading');
const marked = globalThis as { [mark]?: ClassReference };

/** Runs `load` with the mark set. */
export async function withLoadingMark<T>(reference: ClassReference, load: () => Promise<T>): Promise<T> {
  marked[mark] = reference;
  try {
    return await load();
  } finally {
    delete marked[mark];
  }
}

/** Whether this process is a child that is just loading the module of this very class. */
export function isLoading({ name, source }: ClassReference): boolean {
  const loading = marked[mark];
  return loading !== undefined && loading.name === name && loading.source === source;
}
