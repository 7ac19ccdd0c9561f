import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = new URL('../fixtures/', import.meta.url);

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Names that are in scope in every script. */
const prelude = `
  import { procxy } from 'procxy';
  import { Mortal } from ${JSON.stringify(new URL('mortal.js', fixtures).href)};
  import { Disposable } from ${JSON.stringify(new URL('disposable.js', fixtures).href)};
  const mortalUrl = ${JSON.stringify(new URL('mortal.js', fixtures).href)};
  const disposableUrl = ${JSON.stringify(new URL('disposable.js', fixtures).href)};
  // Some wait for a signal of the test: they must not outlive a test run that was killed.
  const starter = process.ppid;
  setInterval(() => process.ppid === starter || process.kill(process.pid, 'SIGKILL'), 500).unref();
`;

const isWindows = process.platform === 'win32';

/** Code for a script that runs `code` when the test calls {@link tell}. Windows has no signals for this. */
export function onTold(code: string): string {
  return isWindows
    ? `process.stdin.once('data', () => { ${code} }).unref();`
    : `process.once('SIGUSR2', () => { ${code} });`;
}

export function tell(script: ChildProcess): void {
  if (isWindows) script.stdin?.write('now');
  else script.kill('SIGUSR2');
}

/** Starts a separate program that uses the built package, to test what ends, or must not end, a process. */
export function startScript(code: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', prelude + code], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: [isWindows ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
}

export async function runScript(code: string, env?: NodeJS.ProcessEnv): Promise<Outcome> {
  return outcomeOf(startScript(code, env));
}

export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
}

/** The first line that a script prints. */
export function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += String(chunk);
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.once('close', () => reject(new Error(`The script ended without a line: ${text}`)));
  });
}
