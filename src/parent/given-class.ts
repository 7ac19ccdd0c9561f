import { type Class, isConstructor, nameOf, shapeOf, sourceOf } from '../classes.js';
import { now } from '../clock.js';
import { ModuleResolutionError, OptionsValidationError } from '../errors.js';
import { isLoading } from '../loading-mark.js';
import { show } from '../options/show.js';
import type { ModuleReference, WantedClass } from '../protocol.js';
import type { ClassLike, ClassReference } from '../types/creation.js';
import { callerOf, isClassReference } from './class-from.js';
import { findLoadedExport } from './loaded-classes.js';
import { findModule, resolveModule } from './module-resolver.js';

/** The first argument of `procxy()`. */
type Given = Class | ClassReference<ClassLike>;

interface ClassOptions {
  modulePath: string | URL | undefined;
  exportName: string | undefined;
  /** If it is set, the host knows the module, and this machine may not have it. */
  host?: object | undefined;
}

/** The class to make an instance of, and how the child finds it. */
export interface TargetClass {
  /** Its name in messages and traces. */
  name: string;
  /** `undefined` if this process has not loaded the class. */
  type: Class | undefined;
  /** The same, even if the class was loaded without being passed to this library. */
  loaded(): Class | undefined;
  wanted: WantedClass;
  /** Call it after starting the child, since asking V8 takes a while. */
  resolveModule(): ModuleReference;
}

/**
 * @param caller how the message names the function that was called
 * @throws {OptionsValidationError} when it is neither a class nor a reference to one
 */
export function checkClass(candidate: unknown, caller: string): Given {
  if (isClassReference(candidate) || isConstructor(candidate)) return candidate;
  const got = typeof candidate === 'function' ? 'a function that `new` does not accept' : show(candidate);
  throw new OptionsValidationError(
    `The first argument of ${caller}() must be a class, but got ${got}. Call ${caller}(Class, './module.js').`,
  );
}

/**
 * @param caller the URL of the file that called `procxy()`
 * @throws {OptionsValidationError} if its module or export is named twice
 * @throws {ModuleResolutionError} if this process is a child that is still loading the class
 */
export function targetClass(given: Given, options: ClassOptions, caller: string | undefined): TargetClass {
  return isClassReference(given) ? targetOfReference(given, options) : targetOfType(given, options, caller);
}

function targetOfType(type: Class, { modulePath, exportName }: ClassOptions, caller: string | undefined): TargetClass {
  const name = nameOf(type);
  const wanted: WantedClass = {
    name,
    source: sourceOf(type),
    shape: shapeOf(type),
    ...(modulePath !== undefined && { isModuleNamed: true }),
    ...(exportName !== undefined && { exportName }),
  };
  refuseRecursion(wanted, undefined);
  return {
    name,
    type,
    loaded: () => type,
    wanted,
    resolveModule: () => (modulePath === undefined ? findModule(type, name) : resolveModule(modulePath, caller)),
  };
}

function targetOfReference(reference: ClassReference<ClassLike>, options: ClassOptions): TargetClass {
  const { modulePath, exportName } = reference;
  if (options.modulePath !== undefined || options.exportName !== undefined) {
    throw new OptionsValidationError(
      `classFrom() already names the module and the export of the class, but got ${show(options.modulePath ?? options.exportName)} as an option too. Leave it out.`,
    );
  }
  const name = exportName.split('.').at(-1) ?? exportName;
  const wanted: WantedClass = { name, exportName };
  if (options.host) {
    const resolveOnHost = (): ModuleReference => ({ url: 'procxy:host' });
    return { name, type: undefined, loaded: () => undefined, wanted, resolveModule: resolveOnHost };
  }
  const module = resolveModule(modulePath, callerOf(reference));
  refuseRecursion(wanted, module);
  return { name, type: undefined, loaded: lookingFor(module, exportName), wanted, resolveModule: () => module };
}

/** How long a class counts as not loaded, in ms. */
const RETRY = 1000;

function lookingFor(module: ModuleReference, exportName: string): () => Class | undefined {
  let found: Class | undefined;
  let next = 0;
  return () => {
    if (found || !('url' in module) || now() < next) return found;
    found = findLoadedExport(module.url, exportName);
    next = now() + RETRY;
    return found;
  };
}

function refuseRecursion(wanted: WantedClass, module: ModuleReference | undefined): void {
  if (!isLoading({ class: wanted, module })) return;
  throw new ModuleResolutionError(
    `This child is still loading the module of ${wanted.name || 'an anonymous class'}, but that module calls procxy() with the same class: every child would ` +
      'start another one. Move the class to its own module, which does not call procxy() while it is loaded.',
  );
}
