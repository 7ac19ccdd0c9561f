import { join } from 'node:path';
import ts from 'typescript';
import { entries, root } from '../../site/entries.js';

/** What the source says about a public symbol or one of its members. */
export interface DocComment {
  name: string;
  text: string;
  /** The code of each `@example`. */
  examples: string[];
}

export interface PublicSymbol extends DocComment {
  /** The package's entry that exports it, such as `procxy/ipc`. */
  entry: string;
  /** The public members of a class or an interface. */
  members: DocComment[];
  /** The names of all properties of a type that the package itself declares: inherited, picked and computed ones too. */
  properties: string[];
}

/** Reads the compiler's options of this repository. */
export function compilerOptions(): ts.CompilerOptions {
  const path = join(root, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, ts.sys.readFile) as { config: unknown };
  return { ...ts.parseJsonConfigFileContent(config, ts.sys, root).options, noEmit: true };
}

/** Returns every symbol that an entry of the package exports, with its documentation. */
export function publicSymbols(): PublicSymbol[] {
  const program = ts.createProgram([...entries.values()], compilerOptions());
  const checker = program.getTypeChecker();
  return [...entries].flatMap(([entry, file]) => {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${file} is not a module.`);
    return checker.getExportsOfModule(module).map((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const members = [...(symbol.members?.values() ?? [])].filter(isPublicMember);
      return {
        ...read(checker, symbol),
        name: exported.name,
        entry,
        members: members.map((member) => read(checker, member)),
        properties: propertiesOf(checker, symbol),
      };
    });
  });
}

function propertiesOf(checker: ts.TypeChecker, symbol: ts.Symbol): string[] {
  if ((symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)) === 0) return [];
  const inPackage = ({ declarations = [] }: ts.Symbol): boolean =>
    declarations.some((declaration) => !declaration.getSourceFile().fileName.includes('/node_modules/'));
  return checker
    .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
    .filter(inPackage)
    .map(({ name }) => name);
}

function read(checker: ts.TypeChecker, symbol: ts.Symbol): DocComment {
  const tags = symbol.getJsDocTags(checker).filter(({ name }) => name === 'example');
  return {
    name: symbol.name,
    text: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
    examples: tags.map(({ text }) => codeOf(ts.displayPartsToString(text))),
  };
}

function codeOf(example: string): string {
  return /```ts\n([\s\S]*?)\n?```/.exec(example)?.[1] ?? '';
}

function isPublicMember({ name, flags, declarations = [] }: ts.Symbol): boolean {
  if (name.startsWith('__') || flags & (ts.SymbolFlags.TypeParameter | ts.SymbolFlags.Constructor)) return false;
  return declarations.some((declaration) => {
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Static;
    const named = ts.getNameOfDeclaration(declaration);
    return !(named && ts.isPrivateIdentifier(named)) && (ts.getCombinedModifierFlags(declaration) & hidden) === 0;
  });
}
