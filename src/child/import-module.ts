/** The function that `cached-start.ts` passes to the CommonJS file of the agent. */
declare const module: { importModule?: ImportModule } | undefined;

type ImportModule = (specifier: string) => Promise<unknown>;

/**
 * `import()`, or the function that `cached-start.ts` passes. In a script from V8's code cache, Node does not know which file is
 * importing.
 */
export const importModule: ImportModule =
  (typeof module === 'undefined' ? undefined : module.importModule) ?? ((specifier) => import(specifier));
