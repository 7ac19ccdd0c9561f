import { OptionsValidationError } from '../errors.js';
import { isString } from '../field-checks.js';
import { instrumentation } from '../instrumentation.js';
import { show } from '../options/show.js';
import { callerUrl } from '../parent/caller.js';
import { resolveModule } from '../parent/module-resolver.js';
import { isUrl } from '../realm.js';

/**
 * Names a module that every child loads before the module of its class. It sets OpenTelemetry up and imports `procxy/opentelemetry`, so
 * that the child records its part of a trace. Children that have started already are not affected.
 *
 * Unnecessary if this process was started with `node --import ./telemetry.js`, since children inherit that flag.
 * @param module a path relative to the calling file, an absolute path, a `file:` URL, or the name of a package
 * @throws {OptionsValidationError} for an invalid argument
 * @throws {ModuleResolutionError} if the file does not exist
 * @example
 * ```ts
 * traceChildren('./telemetry.js'); // before procxy()
 * ```
 */
export function traceChildren(module: string | URL): void {
  if (!(isUrl(module) || (isString(module) && module !== ''))) {
    throw new OptionsValidationError(
      `traceChildren() needs the path of a module, a file: URL or the name of a package, but got ${show(module)}. ` +
        "Call traceChildren('./telemetry.js').",
    );
  }
  const reference = resolveModule(module, callerUrl(traceChildren as (...args: never[]) => unknown));
  const known = instrumentation.childModules ?? [];
  if (known.some((each) => JSON.stringify(each) === JSON.stringify(reference))) return;
  instrumentation.childModules = [...known, reference];
}
