/** Of the CommonJS file that the agent is built into. */
declare const module: { importModule?: ImportModule } | undefined;

type ImportModule = (specifier: string) => Promise<unknown>;

/**
 * `import()`, or the one that `cached-start.ts` hands over: in a script that comes from V8's code cache, Node does not know from where
 * the script imports.
 */
export const importModule: ImportModule =
  (typeof module === 'undefined' ? undefined : module.importModule) ?? ((specifier) => import(specifier));
