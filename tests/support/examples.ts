import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeBinary } from './nodes.js';

/** The programs in `examples/`, and how a person starts each of them. */

const root = fileURLToPath(new URL('../..', import.meta.url));
export const examplesFolder = join(root, 'examples');
const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');

/** A program that not every machine has, a package that is not installed with this one, or a module of newer Nodes. */
type Need = 'better-sqlite3' | 'git' | 'nats-server' | 'node:sqlite' | 'python3';

export interface Example {
  /** A folder in `examples/`, or a file there. */
  name: string;
  /** They make a run short, and end a program that would go on for ever. */
  args?: readonly string[];
  /** What a person types. */
  input?: string;
  needs?: Need;
}

export const examples: readonly Example[] = [
  { name: 'index-node-modules.js', args: ['4'] },
  { name: 'analytics' },
  { name: 'image', args: ['.'] },
  { name: 'factorial', args: ['20000'] },
  { name: 'progress' },
  { name: 'comparator' },
  { name: 'interactive', input: 'tidy\n2.0.0\n\n' },
  { name: 'token-provider' },
  { name: 'sqlite', needs: 'better-sqlite3' },
  { name: 'dom' },
  { name: 'log-processor' },
  { name: 'cancellable-search' },
  { name: 'fleet-top', args: ['4'] },
  { name: 'image-service', args: ['100'] },
  { name: 'cart-service', args: ['8'], needs: 'node:sqlite' },
  { name: 'tcp-server' },
  { name: 'cluster', args: ['60'], needs: 'nats-server' },
  { name: 'python-agent', needs: 'python3' },
  { name: 'python-child', needs: 'python3' },
  { name: 'commit-message', needs: 'git' },
  { name: 'terminal-filter', input: 'stressed\nquit\n' },
  { name: 'token-handover' },
];

/** Lists what `examples/` has: each folder, and each program that is not in one. */
export function examplesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || /^index-.*\.js$/.test(entry.name))
    .map(({ name }) => name)
    .toSorted();
}

/** The file that Node, or tsx, starts. */
export function programOf(name: string, folder = examplesFolder): string {
  if (name.endsWith('.js')) return join(folder, name);
  const program = join(folder, name, 'main.js');
  return existsSync(program) ? program : join(folder, name, 'main.ts');
}

/** The command line of an example, with a Node that is new enough. */
export async function commandOf(
  { name, args = [], needs }: Example,
  folder = examplesFolder,
): Promise<[command: string, ...args: string[]]> {
  const program = programOf(name, folder);
  const node = needs === 'node:sqlite' && !isBuiltin(needs) ? await nodeBinary(24) : process.execPath;
  return program.endsWith('.ts') ? [node, tsx, program, ...args] : [node, program, ...args];
}

/** Says what an example lacks on this machine. */
export async function lackOf({ needs }: Example): Promise<string | undefined> {
  if (needs === 'better-sqlite3') {
    const found = await attempt(() => createRequire(join(examplesFolder, 'sqlite/main.js')).resolve(needs));
    return found ? undefined : 'needs a package: npm install --no-save better-sqlite3';
  }
  if (needs === 'node:sqlite') {
    const found = isBuiltin(needs) || (await attempt(() => nodeBinary(24)));
    return found ? undefined : 'needs Node 22.13 or later';
  }
  if (needs === undefined) return undefined;
  return (await attempt(() => promisify(execFile)(needs, ['--version']))) ? undefined : `needs ${needs}`;
}

async function attempt(action: () => unknown): Promise<boolean> {
  try {
    await action();
    return true;
  } catch {
    return false;
  }
}
