/** The actions to run when a signal aborts. Each signal gets only one listener, since Node warns about many. */
const actions = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `action` when `signal` aborts. Returns a function that cancels this. */
export function onAbort(signal: AbortSignal, action: () => void): () => void {
  let set = actions.get(signal);
  if (!set) {
    set = new Set();
    actions.set(signal, set);
  }
  if (set.size === 0) signal.addEventListener('abort', runAll, { once: true });
  set.add(action);
  return () => {
    set.delete(action);
    if (set.size === 0) signal.removeEventListener('abort', runAll);
  };
}

function runAll(event: Event): void {
  for (const action of actions.get(event.target as AbortSignal) ?? []) action();
}
