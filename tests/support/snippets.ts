import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize, posix, sep } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { isServer, startServer } from './snippet-servers.js';

/**
 * Runs the code of a Markdown page. A js, ts or py fence begins with a comment that names its file; `// main.js, continued` adds to the
 * file as it is. A console fence holds commands and what they print. `…` in an expected line matches any text. `npx procxy-host` goes
 * on running after the lines that it is expected to print; `stopServers()` ends it.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Packages that a page's programs may import, linked from this repository. */
const linked = {
  procxy: '.',
  tsx: 'node_modules/tsx',
  'lru-cache': 'node_modules/lru-cache',
  '@sinonjs': 'node_modules/@sinonjs',
  '@types': 'node_modules/@types',
  esbuild: 'node_modules/esbuild',
  '@opentelemetry': 'node_modules/@opentelemetry',
  '@nats-io': 'node_modules/@nats-io',
};
const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');

/** Fences that are shown but not run. */
const inert = new Set(['sh', 'text', 'mermaid', 'ini', 'dockerfile']);
/** A program that hangs is killed after this time, in ms. */
const LIMIT = 30_000;

/** A file as a fence defines it. */
interface Snippet {
  name: string;
  code: string;
}

export interface Command {
  /** Its place in the page. */
  line: number;
  /** `node main.js` */
  text: string;
  expected: string[];
  /** The page's files at the time when it runs, by name. */
  files: ReadonlyMap<string, Snippet>;
}

export interface Page {
  commands: Command[];
  /** Fences that break the rules above, and snippets that no command runs. */
  problems: string[];
}

export interface Outcome {
  typeErrors: string[];
  /** Lines of stdout. A line that matches is replaced by the expected one. `(exit code N)` follows if it is not 0. */
  output: string[];
  /** Without Node's warnings about experimental features. */
  stderr: string;
}

/** The output and exit code of a program or the compiler. */
interface Run {
  stdout: string;
  stderr: string;
  code: number | string;
}

export interface Fence {
  language: string;
  line: number;
  body: string[];
}

export function readPage(path: string): Page {
  const problems: string[] = [];
  const commands: Command[] = [];
  const files = new Map<string, Snippet>();
  const unused = new Map<Snippet, string>();
  for (const { language, line, body } of readFences(readFileSync(path, 'utf8'))) {
    const problem = (what: string): unknown => problems.push(`line ${line}: ${what}`);
    if (language === 'js' || language === 'ts' || language === 'py') {
      const [, name, more] = /^(?:\/\/|#) (\S+\.(?:[cm]?[jt]s|py))(, continued)?$/.exec(body[0] ?? '') ?? [];
      const before = more && name ? files.get(name) : undefined;
      if (name === undefined || (more && !before)) {
        problem(more ? `there is no ${name} to continue` : 'the fence names no file');
        continue;
      }
      if (before) unused.delete(before);
      const snippet = { name, code: `${before?.code ?? ''}${body.join('\n')}\n` };
      files.set(name, snippet);
      if (isForAnotherProgram(name)) continue;
      unused.set(snippet, `line ${line}: ${name} is neither run nor imported by a file that is`);
    } else if (language === 'console') {
      const found = readCommands(body, line, new Map(files));
      if (!body[0]?.startsWith('$ ')) problem('the fence does not begin with a command');
      for (const command of found) {
        if (!isKnown(command))
          problem(
            `neither "node file" nor "npx tsx file" nor "npx tsc file" nor "npx procxy-host file": ${command.text}`,
          );
        for (const snippet of usedBy(command)) unused.delete(snippet);
      }
      commands.push(...found.filter(isKnown));
    } else if (!inert.has(language)) problem(`a fence of the language '${language}'`);
  }
  return { commands, problems: [...problems, ...unused.values()] };
}

/** Another program loads such a file. A test of its own has to check it. */
function isForAnotherProgram(name: string): boolean {
  return name.endsWith('.config.cjs') || name === 'electron-main.js';
}

export function readFences(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let open: Fence | undefined;
  for (const [index, text] of markdown.split('\n').entries()) {
    const fence = /^\s*```(.*)$/.exec(text);
    if (!fence) open?.body.push(text);
    else if (open) {
      fences.push(open);
      open = undefined;
    } else open = { language: fence[1]?.trim() ?? '', line: index + 1, body: [] };
  }
  return open ? [...fences, { ...open, language: 'unclosed' }] : fences;
}

function readCommands(body: string[], line: number, files: Command['files']): Command[] {
  const commands: Command[] = [];
  for (const [index, text] of body.entries()) {
    if (text.startsWith('$ ')) commands.push({ line: line + index + 1, text: text.slice(2), expected: [], files });
    else commands.at(-1)?.expected.push(text);
  }
  return commands;
}

function isKnown({ text }: Command): boolean {
  return /^(node|npx tsx|npx tsc|npx procxy-host) /.test(text);
}

/** Lists the files that a command names, and the files that their code names: in imports, as module paths, or as programs to start. */
function usedBy({ text, files }: Command): Snippet[] {
  const used = new Set<Snippet>();
  const visit = (name: string): void => {
    const snippet = files.get(name) ?? files.get(name.replace(/js$/, 'ts'));
    if (!snippet || used.has(snippet)) return;
    used.add(snippet);
    for (const [, path] of snippet.code.matchAll(/['"](\.\.?\/[^'"]+)['"]/g)) {
      visit(posix.join(posix.dirname(snippet.name), path ?? ''));
    }
    for (const [, program] of snippet.code.matchAll(/['"](\w[^'"]*)['"]/g)) visit(program ?? '');
    for (const [, module] of snippet.code.matchAll(/^from (\w+) import /gm)) visit(`${module}.py`);
  };
  for (const word of text.split(' ')) visit(posix.normalize(word));
  return [...used];
}

/** A folder in which a page's commands run in order, as in an app that has installed this package. */
export function makeFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procxy-docs-')));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  mkdirSync(join(folder, 'node_modules'));
  for (const [name, target] of Object.entries(linked)) {
    symlinkSync(join(root, target), join(folder, 'node_modules', name), 'junction');
  }
  return folder;
}

/** @param types of all commands that are run, where they are checked together */
export async function runCommand(folder: string, command: Command, types = new TypeCheck([command])): Promise<Outcome> {
  for (const snippet of command.files.values()) writeSnippet(folder, snippet);
  const errors = types.errorsOf(command);
  const compiles = command.text.startsWith('npx tsc ');
  const { stdout, stderr, code } = compiles ? report(types.folderOf(command), errors) : await run(folder, command);
  const typeErrors = compiles ? [] : errors.map(describe);
  const lines = stdout === '' ? [] : stdout.replace(/\n$/, '').split('\n');
  if (code !== 0) lines.push(`(exit code ${code})`);
  const output = lines.map((line, index) => {
    const expected = command.expected[index];
    return expected !== undefined && matches(line, expected) ? expected : line;
  });
  return { typeErrors, output, stderr: withoutExperimental(stderr) };
}

function writeSnippet(folder: string, { name, code }: Snippet): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, code);
  return path;
}

async function run(cwd: string, { text: line, expected }: Command): Promise<Run> {
  if (isServer(line))
    return { stdout: (await startServer(cwd, line, expected.length)).join('\n'), stderr: '', code: 0 };
  const words = line.split(' ');
  const args = words[0] === 'npx' ? [tsx, ...words.slice(2)] : words.slice(1);
  const { FORCE_COLOR: _color, NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT });
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? String(signal)));
  });
  const [stdout, stderr, code] = await Promise.all([readAll(child.stdout), readAll(child.stderr), ended]);
  return { stdout, stderr, code };
}

function matches(line: string, expected: string): boolean {
  const parts = expected.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(line);
}

function withoutExperimental(stderr: string): string {
  return stderr.replace(/^\(node:\d+\) ExperimentalWarning: .*\n(\(Use `node --trace-warnings.*\n)?/gm, '');
}

const options: ts.CompilerOptions = {
  strict: true,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowImportingTsExtensions: true,
  types: ['node'],
  skipLibCheck: true,
  noEmit: true,
};

/**
 * Checks the TypeScript of commands, each with the files at the time when it runs. All are one program: reading and binding the
 * declarations takes most of the time, and they are the same for all.
 */
export class TypeCheck {
  readonly #commands: readonly Command[];
  readonly #root = makeFolder();
  #errors: readonly ts.Diagnostic[] | undefined;

  constructor(commands: readonly Command[]) {
    this.#commands = commands;
  }

  /** Where the files of a command are. */
  folderOf(command: Command): string {
    return join(this.#root, `command-${this.#commands.indexOf(command)}`);
  }

  errorsOf(command: Command): readonly ts.Diagnostic[] {
    const folder = this.folderOf(command) + sep;
    return this.run().filter(({ file }) => file === undefined || normalize(file.fileName).startsWith(folder));
  }

  /** Takes some seconds the first time. */
  run(): readonly ts.Diagnostic[] {
    this.#errors ??= this.#check();
    return this.#errors;
  }

  #check(): readonly ts.Diagnostic[] {
    const names: string[] = [];
    for (const command of this.#commands) {
      for (const snippet of usedBy(command).filter(({ name }) => /\.[cm]?[jt]s$/.test(name))) {
        const path = writeSnippet(this.folderOf(command), snippet);
        if (path.endsWith('ts')) names.push(path);
      }
    }
    const errors = names.length === 0 ? [] : ts.getPreEmitDiagnostics(ts.createProgram(names, options));
    rmSync(this.#root, { recursive: true });
    return errors;
  }
}

function describe({ file, start, messageText }: ts.Diagnostic): string {
  const where = file ? `${file.fileName}:${file.getLineAndCharacterOfPosition(start ?? 0).line + 1}: ` : '';
  return where + ts.flattenDiagnosticMessageText(messageText, '\n');
}

/** Returns what the compiler would print. */
function report(folder: string, errors: readonly ts.Diagnostic[]): Run {
  const host = { getCanonicalFileName: String, getCurrentDirectory: () => folder, getNewLine: () => '\n' };
  return { stdout: ts.formatDiagnostics(errors, host), stderr: '', code: errors.length === 0 ? 0 : 2 };
}
