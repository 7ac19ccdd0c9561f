import type { ChildOptions } from '../options/child-options.js';
import { locateInOptions, withoutPreloads } from './preloads.js';

type Source = Pick<ChildOptions, 'env' | 'inheritEnv'> & Partial<Pick<ChildOptions, 'permissions'>>;

/** Returns this process's environment with the changes of the options, without variables for this process only. */
export function childEnv({ env: overrides, inheritEnv, permissions }: Source): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = inheritEnv ? { ...process.env } : indispensable();
  if (env.NODE_OPTIONS !== undefined) {
    // Two processes cannot share an inspector port, and --inspect-brk would wait for ever.
    const options = env.NODE_OPTIONS.replace(/(^|\s)--inspect(-[a-z-]+)?(=\S+)?(?=\s|$)/g, '');
    env.NODE_OPTIONS = permissions === undefined ? locateInOptions(options) : withoutPreloads(options);
  }
  // Without it, Electron's executable would open the app again. Electron's fork() sets it too, but its spawn() does not.
  if (process.versions['electron'] !== undefined) env.ELECTRON_RUN_AS_NODE = '1';
  for (const [name, value] of Object.entries(overrides ?? {})) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return env;
}

/** Returns what Windows needs: without it, a process cannot use sockets. */
function indispensable(): NodeJS.ProcessEnv {
  const { SystemRoot } = process.env;
  return SystemRoot === undefined ? {} : { SystemRoot };
}
