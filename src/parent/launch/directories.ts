import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OptionsValidationError } from '../../errors.js';
import { mustBe } from '../../options/kind.js';
import { optionTable } from '../../options/table.js';
import { currentDirectory, startDirectory } from '../../start-directory.js';
import type { ChildOptions } from '../options/child-options.js';

export interface Directories {
  /** The directory in which the process starts. `undefined` means that of this process. */
  start: string | undefined;
  /** The directory that the agent changes to before it loads the module. `undefined` means that it stays. */
  work: string | undefined;
}

/**
 * A child in Node starts in the directory in which this process was started: inherited flags and NODE_OPTIONS may have paths
 * relative to it. Its agent changes to the working directory later. Other runtimes inherit no flags, and start there directly.
 */
export function directoriesFor({ cwd, runtime }: Pick<ChildOptions, 'cwd' | 'runtime'>): Directories {
  const here = currentDirectory();
  const work = cwd === undefined ? here : toPath(cwd);
  if (runtime !== 'node') return { start: cwd === undefined ? undefined : work, work: undefined };
  const start = startDirectory === here || isDirectory(startDirectory) ? startDirectory : work;
  return { start: start === here ? undefined : start, work: work === start ? undefined : work };
}

/** @throws {OptionsValidationError} for an option `cwd` that is not a directory */
export function checkDirectory({ cwd }: Pick<ChildOptions, 'cwd'>): void {
  if (cwd === undefined || isDirectory(toPath(cwd))) return;
  throw refusal(cwd);
}

function toPath(cwd: string | URL): string {
  try {
    const path = String(cwd).startsWith('file:') ? fileURLToPath(cwd) : String(cwd);
    return resolve(path);
  } catch (cause) {
    // Not the URL of a file, or relative to a directory that was removed.
    throw refusal(cwd, cause);
  }
}

function refusal(cwd: string | URL, cause?: unknown): OptionsValidationError {
  const problem = mustBe('cwd', 'a directory that exists', cwd);
  return new OptionsValidationError(`${problem} ${optionTable.cwd.remedy}`, cause === undefined ? {} : { cause });
}

function isDirectory(path: string | undefined): boolean {
  try {
    return path !== undefined && statSync(path).isDirectory();
  } catch {
    return false;
  }
}
