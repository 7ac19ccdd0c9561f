/**
 * The program of a child that starts the agent from V8's code cache. The parent starts it instead of the agent where it has found a safe
 * place for the cache (parent/launch/code-cache.ts), and hands over the file's path in the environment.
 *
 * Without the cache, V8 compiles each of the agent's functions at its first call, which takes about half of the time from the agent's
 * first line to its first answer.
 */
import {
  closeSync,
  constants as fileConstants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { clearTimeout, setTimeout } from '../clock.js';

// Beside this file, which is built as CommonJS.
const agent = join(__dirname, 'agent.cjs');
const file = process.env.PROCXY_CODE_CACHE;
delete process.env.PROCXY_CODE_CACHE;
process.argv[1] = agent;

const cachedData = file === undefined ? undefined : readOwn(file);
// What CommonJS wraps a file in. The agent is written in ASCII only.
const wrapped = `(function (exports, require, module, __filename, __dirname) {${readFileSync(agent, 'latin1')}\n})`;
const script = new Script(wrapped, {
  filename: agent,
  cachedData,
});
if (file !== undefined && (cachedData === undefined || script.cachedDataRejected)) saveLater(file);
const importModule = (specifier: string): Promise<unknown> => import(specifier);
(script.runInThisContext() as (...args: unknown[]) => void)({}, require, { importModule }, agent, __dirname);

/** Reads a file that no other user can have written: V8 runs its content almost without checks. */
function readOwn(path: string): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, fileConstants.O_RDONLY | fileConstants.O_NOFOLLOW);
    const { uid, mode, nlink } = fstatSync(descriptor);
    const isOwn = uid === process.geteuid?.() && (mode & 0o077) === 0 && nlink === 1;
    return isOwn ? readFileSync(descriptor) : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Saves V8's compiled code when it includes the functions of a start: a second after the start, or at an earlier end. */
function saveLater(path: string): void {
  const save = (): void => {
    clearTimeout(timer);
    process.removeListener('exit', save);
    // A child with other flags for V8 would save what others cannot use.
    const { cachedDataVersionTag } = process.getBuiltinModule('node:v8');
    if (!path.endsWith(`-${cachedDataVersionTag()}`)) return;
    const own = `${path}.${process.pid}`;
    try {
      writeFileSync(own, script.createCachedData(), { mode: 0o600, flag: 'wx' });
      // Another child finds the old file or the new one, never half of one.
      renameSync(own, path);
    } catch {
      // A full or read-only disk. The next child starts without the cache, too.
    }
  };
  const timer = setTimeout(save, 1000);
  timer.unref();
  process.once('exit', save);
}
