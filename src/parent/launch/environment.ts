import type { ChildOptions } from '../options/child-options.js';

/** This process's environment with the option's changes, and without what concerns this process alone. */
export function childEnv({ env: overrides, inheritEnv }: Pick<ChildOptions, 'env' | 'inheritEnv'>): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = inheritEnv ? { ...process.env } : indispensable();
  // Two processes cannot listen on one inspector port, and --inspect-brk would wait for ever.
  if (env.NODE_OPTIONS !== undefined)
    env.NODE_OPTIONS = env.NODE_OPTIONS.replace(/(^|\s)--inspect(-[a-z-]+)?(=\S+)?(?=\s|$)/g, '');
  // Electron's executable opens the app once more without it. Electron's fork() sets it too, and its spawn() does not.
  if (process.versions['electron'] !== undefined) env.ELECTRON_RUN_AS_NODE = '1';
  for (const [name, value] of Object.entries(overrides ?? {})) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return env;
}

/** Without it no process has sockets on Windows. */
function indispensable(): NodeJS.ProcessEnv {
  const { SystemRoot } = process.env;
  return SystemRoot === undefined ? {} : { SystemRoot };
}
