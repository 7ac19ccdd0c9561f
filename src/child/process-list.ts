/**
 * Makes `ps` show the class of this process's instance instead of the agent's path: `procxy Indexer`. The module may set its own
 * title.
 */
export function showInProcessList(className: string): void {
  // On Windows, it would be the title of the console, which also belongs to the parent.
  if (process.platform === 'win32') return;
  process.title = `procxy ${className === '' ? '(anonymous class)' : className}`;
}
