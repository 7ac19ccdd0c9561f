/**
 * Returns the `require` of a file. Node is asked at run time: a bundler that sees `createRequire()` in a program resolves what it is
 * called with during the build, and puts an id of the bundle in its place.
 */
export function requireFrom(file: string | URL): NodeJS.Require {
  return process.getBuiltinModule('node:module').createRequire(file);
}
