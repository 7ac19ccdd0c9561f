import { ChildCrashedError, describeReason } from '../../errors.js';
import type { ChildOptions } from '../options/child-options.js';
import { isGiven, showUser } from './user.js';

/** Makes the error for a process that the operating system did not start. */
export function startError(cause: unknown, options: ChildOptions): ChildCrashedError {
  return new ChildCrashedError(
    `The child process could not be started: ${describeReason(cause)}. ${remedyFor(cause, options)}`,
    { exitCode: null, signal: null, cause },
  );
}

function remedyFor(cause: unknown, options: ChildOptions): string {
  const { execPath = process.execPath } = options;
  const { code } = (cause ?? {}) as { code?: unknown };
  if (isGiven(options)) {
    const given = showUser(options);
    if (code === 'EPERM') {
      return `Only a privileged process may change its user or group, but got ${given}. Leave out \`uid\` and \`gid\`, or start as root.`;
    }
    if (code === 'EACCES') return `Let the user and group of ${given} run ${execPath}, or name another \`execPath\`.`;
  }
  if (/\.(cmd|bat)$/i.test(execPath)) {
    return `A batch file is not a program, but \`execPath\` is ${execPath}. Name the executable that it starts.`;
  }
  return 'Check `execPath`, `cwd` and `env`.';
}
