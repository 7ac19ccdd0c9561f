import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/**
 * Copies the project with its TypeScript compiled, file by file, so that paths in tests stay true.
 * @param forWindows folders of packages that npm would install on Windows, by their names
 */
export function makeMirror(root: string, mirror: string, forWindows: Readonly<Record<string, string>>): void {
  for (const name of ['package.json', 'tsconfig.json', 'README.md', 'LICENSE', 'dist', 'docs']) {
    cpSync(join(root, name), join(mirror, name), { recursive: true });
  }
  for (const name of ['src', 'tests', 'examples']) copyCompiled(join(root, name), join(mirror, name));
  linkPackages(join(root, 'node_modules'), join(mirror, 'node_modules'), forWindows);
}

/** Links each file, or copies it from another disk: a program that looks through folders does not follow a link to one. */
function linkPackages(from: string, to: string, added: Readonly<Record<string, string>>): void {
  const isMade = ['-al', '-a'].some((how) => spawnSync('cp', [how, `${from}/.`, to]).status === 0);
  if (!isMade) throw new Error(`${from} could not be copied to ${to}.`);
  for (const [name, folder] of Object.entries(added)) symlinkSync(folder, join(to, name));
}

const unneeded = new Set(['node_modules', 'build', 'contestants', 'results']);

function copyCompiled(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      if (!unneeded.has(entry.name)) copyCompiled(source, target);
      continue;
    }
    // Fixtures in TypeScript are loaded as they are, too.
    cpSync(source, target);
    if (/(?<!\.d)\.ts$/.test(entry.name)) compile(source, target.replace(/\.ts$/, '.js'));
  }
}

function compile(source: string, target: string): void {
  const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), {
    fileName: source,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
    },
  });
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, outputText);
}
