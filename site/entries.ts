import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Entries that export nothing: files to copy, or to run. */
const files = new Set(['./package.json', './agent']);

/** The entries of the package and their sources: `procxy/ipc` is `src/ipc/index.ts`, or a single file of that name. */
export const entries: ReadonlyMap<string, string> = new Map(
  Object.keys((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object }).exports)
    .filter((key) => !files.has(key))
    .map((key) => {
      const name = key.slice(1);
      const file = [`src${name}/index.ts`, `src${name}.ts`].find((path) => existsSync(join(root, path)));
      if (file === undefined) throw new Error(`The entry ${key} of package.json has no source.`);
      return [`procxy${name}`, join(root, file)];
    }),
);
