import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** Copies the project with its TypeScript compiled, file by file, so that paths in tests stay true. */
export function makeMirror(root: string, mirror: string): void {
  for (const name of ['package.json', 'tsconfig.json', 'README.md', 'LICENSE', 'dist', 'docs']) {
    cpSync(join(root, name), join(mirror, name), { recursive: true });
  }
  for (const name of ['src', 'tests', 'examples']) copyCompiled(join(root, name), join(mirror, name));
  symlinkSync(join(root, 'node_modules'), join(mirror, 'node_modules'));
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
