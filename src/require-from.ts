/**
 * Returns the `require` of a file. Hides `createRequire()` from bundlers: they would resolve its calls during the build, and replace
 * paths with ids of the bundle.
 */
export function requireFrom(file: string | URL): NodeJS.Require {
  return process.getBuiltinModule('node:module').createRequire(file);
}
