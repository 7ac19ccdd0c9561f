import type { ChildOptions } from '../options/child-options.js';
import { locateInOptions, withoutPreloads } from './preloads.js';

type Source = Pick<ChildOptions, 'env' | 'inheritEnv'> & Partial<Pick<ChildOptions, 'permissions'>>;

/** This process's environment with the option's changes, and without what concerns this process alone. */
export function childEnv({ env: overrides, inheritEnv, permissions }: Source): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = inheritEnv ? { ...process.env } : indispensable();
  if (env.NODE_OPTIONS !== undefined) {
    // Two processes cannot listen on one inspector port, and --inspect-brk would wait for ever.
    const options = env.NODE_OPTIONS.replace(/(^|\s)--inspect(-[a-z-]+)?(=\S+)?(?=\s|$)/g, '');
    env.NODE_OPTIONS = permissions === undefined ? locateInOptions(options) : withoutPreloads(options);
  }
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
