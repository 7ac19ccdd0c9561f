import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type ts from 'typescript';

/** Editors with the language services of TypeScript: a library up to version 6, and a server that speaks LSP from 7 on. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);

export interface Editor {
  /** Whether it shows the documentation of members of mapped types, which the server of TypeScript 7.0 does not. */
  readonly documentsMappedTypes: boolean;
  /** Opens a program. */
  open(text: string): void;
  /** The names that are offered at a place of the program. */
  completions(at: number): Promise<string[]>;
  /** The documentation of a name that is offered. */
  completionDoc(at: number, name: string): Promise<string>;
  /** The documentation that is shown at a place, with what follows `@default`. */
  hover(at: number): Promise<{ doc: string; byDefault: string | undefined }>;
  /** Where a name is declared. */
  definition(at: number): Promise<number[]>;
  /** Where a name stands, in the order of the program. */
  references(at: number): Promise<number[]>;
  /** What renaming it changes, in the order of the program. */
  rename(at: number): Promise<number[]>;
  close(): void;
}

const compilerOptions = {
  module: 'nodenext',
  target: 'es2023',
  lib: ['es2023'],
  strict: true,
  skipLibCheck: true,
  types: ['node'],
};

const sorted = (places: number[]): number[] => places.toSorted((a, b) => a - b);

/** @param compiler the name of the package: `typescript` or `typescript-6` */
export function serviceEditor(compiler: string): Editor {
  const { sys, ...typescript } = require(compiler) as typeof ts;
  const here = fileURLToPath(new URL('.', import.meta.url));
  const file = join(here, 'edited.ts');
  const { options } = typescript.convertCompilerOptionsFromJson(compilerOptions, here);
  const toText = typescript.displayPartsToString;

  /** The program that is being edited. The service reads a file again only when its version has changed. */
  const program = { text: '', version: 0 };
  const read = (path: string): string | undefined => (path === file ? program.text : sys.readFile(path));

  const service = typescript.createLanguageService({
    getScriptFileNames: () => [file],
    getScriptVersion: (path) => (path === file ? String(program.version) : '1'),
    getScriptSnapshot(path) {
      const content = read(path);
      return content === undefined ? undefined : typescript.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => here,
    getCompilationSettings: () => options,
    getDefaultLibFileName: typescript.getDefaultLibFilePath,
    fileExists: (path) => path === file || sys.fileExists(path),
    readFile: read,
    directoryExists: sys.directoryExists,
    getDirectories: sys.getDirectories,
  });

  return {
    documentsMappedTypes: true,
    open(text) {
      program.text = text;
      program.version++;
    },
    async completions(at) {
      return service.getCompletionsAtPosition(file, at, {})?.entries.map(({ name }) => name) ?? [];
    },
    async completionDoc(at, name) {
      const details = service.getCompletionEntryDetails(file, at, name, {}, undefined, {}, undefined);
      return toText(details?.documentation);
    },
    async hover(at) {
      const info = service.getQuickInfoAtPosition(file, at);
      const tag = info?.tags?.find(({ name }) => name === 'default');
      return { doc: toText(info?.documentation), byDefault: tag && toText(tag.text) };
    },
    async definition(at) {
      return service.getDefinitionAtPosition(file, at)?.map(({ textSpan }) => textSpan.start) ?? [];
    },
    async references(at) {
      const found = service.findReferences(file, at)?.flatMap(({ references }) => references) ?? [];
      return sorted(found.map(({ textSpan }) => textSpan.start));
    },
    async rename(at) {
      const found = service.findRenameLocations(file, at, false, false, {}) ?? [];
      return sorted(found.map(({ textSpan }) => textSpan.start));
    },
    close: () => service.dispose(),
  };
}

/** Markdown without the code that it opens with. */
const withoutCode = (markdown: string): string => markdown.replace(/^\s*```[^]*?```/, '').trim();

interface Place {
  line: number;
  character: number;
}

interface Span {
  range: { start: Place };
}

interface Item {
  label: string;
  documentation?: { value: string };
}

/** @param compiler the name of the package: `typescript-7` */
export function serverEditor(compiler: string): Editor {
  const folder = mkdtempSync(join(root, 'tests/types/editor-'));
  const uri = pathToFileURL(join(folder, 'main.ts')).href;
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }));
  writeFileSync(join(folder, 'main.ts'), '');

  const tsc = join(root, 'node_modules', compiler, 'bin', 'tsc');
  const server = spawn(process.execPath, [tsc, '--lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map<number, (result: unknown) => void>();
  let received = Buffer.alloc(0);
  let lastId = 0;
  let text = '';
  let version = 0;

  server.stdout.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      const [head, size] = /^Content-Length: (\d+)\r\n\r\n/.exec(received.toString('latin1')) ?? [];
      if (head === undefined || received.length < head.length + Number(size)) return;
      const body = received.subarray(head.length, head.length + Number(size)).toString();
      received = received.subarray(head.length + Number(size));
      const { id, method, result } = JSON.parse(body) as { id?: number; method?: string; result?: unknown };
      // The server asks too. It needs no more than an answer.
      if (method !== undefined && id !== undefined) send({ id, result: null });
      else if (id !== undefined) waiting.get(id)?.(result);
    }
  });

  function send(message: object): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  function ask<T>(method: string, params: object): Promise<T> {
    const id = ++lastId;
    send({ id, method, params });
    return new Promise((resolve) => void waiting.set(id, resolve as (result: unknown) => void));
  }

  const completion = { completionItem: { documentationFormat: ['markdown'], snippetSupport: false } };
  const capabilities = { textDocument: { completion, hover: { contentFormat: ['markdown'] } } };
  const ready = ask('initialize', { processId: process.pid, rootUri: pathToFileURL(folder).href, capabilities });
  void ready.then(() => send({ method: 'initialized', params: {} }));

  const place = (at: number): object => {
    const before = text.slice(0, at).split('\n');
    const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
    return { textDocument: { uri }, position };
  };
  const offset = ({ range: { start } }: Span): number =>
    [...text.split('\n').slice(0, start.line), ''].join('\n').length + start.character;
  const offsets = (spans: Span[] | null): number[] => sorted((spans ?? []).map(offset));

  async function items(at: number): Promise<Item[]> {
    await ready;
    const found = await ask<{ items: Item[] } | Item[] | null>('textDocument/completion', place(at));
    return Array.isArray(found) ? found : (found?.items ?? []);
  }

  return {
    documentsMappedTypes: false,
    open(program) {
      text = program;
      version++;
      void ready.then(() => {
        const textDocument = { uri, version, languageId: 'typescript', text: program };
        if (version === 1) send({ method: 'textDocument/didOpen', params: { textDocument } });
        else send({ method: 'textDocument/didChange', params: { textDocument, contentChanges: [{ text: program }] } });
      });
    },
    // The name of an optional member has a `?` there.
    completions: async (at) => (await items(at)).map(({ label }) => label.replace(/\?$/, '')),
    async completionDoc(at, name) {
      const item = (await items(at)).find(({ label }) => label.replace(/\?$/, '') === name);
      const resolved = item && (await ask<Item>('completionItem/resolve', item));
      return withoutCode(resolved?.documentation?.value ?? '');
    },
    async hover(at) {
      await ready;
      const found = await ask<{ contents: { value: string } } | null>('textDocument/hover', place(at));
      return { doc: withoutCode(found?.contents.value ?? ''), byDefault: undefined };
    },
    async definition(at) {
      await ready;
      return offsets(await ask<Span[]>('textDocument/definition', place(at)));
    },
    async references(at) {
      await ready;
      const params = { ...place(at), context: { includeDeclaration: true } };
      return offsets(await ask<Span[]>('textDocument/references', params));
    },
    async rename(at) {
      await ready;
      const edit = await ask<{ changes?: Record<string, Span[]> } | null>('textDocument/rename', {
        ...place(at),
        newName: 'renamed',
      });
      return offsets(Object.values(edit?.changes ?? {}).flat());
    },
    close() {
      server.kill();
      rmSync(folder, { recursive: true });
    },
  };
}
