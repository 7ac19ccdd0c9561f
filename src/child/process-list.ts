/**
 * Has `ps` show whose instance this process has, in place of the agent's path: `procxy Indexer`. The module may set a title of its own.
 */
export function showInProcessList(className: string): void {
  // On Windows it would be the title of the console, which belongs to the parent too.
  if (process.platform === 'win32') return;
  process.title = `procxy ${className === '' ? '(anonymous class)' : className}`;
}
