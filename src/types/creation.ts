import type { ProcxyOptions } from './options.js';
import type { Procxy } from './procxy.js';
import type { Restart } from './restart.js';

/**
 * A class with a public constructor.
 *
 * @example
 * ```ts
 * function start<C extends Constructor>(Class: C, ...args: ConstructorParameters<C>): InstanceType<C> {
 *   return new Class(...(args as never[])) as InstanceType<C>;
 * }
 * ```
 */
export type Constructor<T extends object = object, A extends never[] = never[]> = new (...args: A) => T;

/** A class with any constructor, public or not. */
export type ClassLike = Constructor | { readonly prototype: object };

/** Options that name a static method to make the instance. */
interface Creating<K = string> {
  readonly create: K;
}

declare const referenced: unique symbol;

/**
 * A reference to a class that this process does not have to load. `classFrom()` returns it, and `procxy()` accepts it instead of
 * the class.
 * @typeParam C the class's type: `typeof Heavy`
 * @example
 * ```ts
 * const reference: ClassReference<typeof Primes> = classFrom<typeof Primes>('./primes.js', 'Primes');
 * const primes = await procxy(reference);
 * ```
 */
export interface ClassReference<C> {
  /** The module that exports the class. */
  readonly modulePath: string | URL;
  /** The export that is the class. */
  readonly exportName: string;
  /** Exists only in the type, not at run time. */
  readonly [referenced]: C;
}

type AnyFunction = (...args: never[]) => unknown;

/** The names of a class's static methods. */
export type StaticMethod<C> = { [K in keyof C]: C[K] extends AnyFunction ? K : never }[keyof C] & string;

/**
 * The given options, without unknown names. `Pick` adds the comments of `ProcxyOptions`, which editors show.
 *
 * @example
 * ```ts
 * function start<C extends Constructor, const O extends ProcxyOptions>(
 *   Class: C,
 *   options: KnownOptions<C, O>,
 *   ...args: ArgumentsFor<C, O>
 * ) {
 *   return procxy(Class, undefined, options, ...args);
 * }
 * ```
 */
export type KnownOptions<C, O> =
  | (O &
      Pick<ProcxyOptions, keyof O & keyof ProcxyOptions> & {
        readonly [K in Exclude<keyof O, keyof ProcxyOptions>]: never;
      } & (O extends Creating ? { readonly create: StaticMethod<C> } : unknown))
  | OptionsHint<C, O>;

declare const hint: unique symbol;

/**
 * All options that are not in `O` yet, with a member that no object has: no value matches. From it, editors complete the names and
 * values of options. The compiler takes from it which parameters functions among the options have.
 * @typeParam Hooks the names of these functions
 */
export type HintOf<All, O, Hooks = never> = Omit<All, Exclude<keyof O, Hooks>> & { readonly [hint]: never };

export type OptionsHint<C, O = object> = HintOf<OptionsOfClass<C>, O, 'restart'>;

interface OptionsOfClass<C> extends Omit<ProcxyOptions, 'create' | 'restart'> {
  readonly create?: StaticMethod<C> | undefined;
  readonly restart?: boolean | Restart<WholeProxy<AnyInstanceOf<C>>> | undefined;
}

/** What a function of the user's that is given each new instance may use: whatever options could allow. */
export type WholeProxy<T> = Procxy<T, { serialization: 'advanced'; enableCallbacks: true; supportHandles: true }>;

type AnyInstanceOf<C> = C extends { readonly prototype: infer T extends object } ? T : never;

type MethodAt<C, K> = K extends keyof C ? Extract<C[K], AnyFunction> : never;

/*
 * `O` is in brackets below. Otherwise the compiler infers `O` from the type of another conditional, such as the
 * `ConstructorParameters` that a generic function passes on.
 */

/** Matches every class that needs no argument, and shows the others why they do not match. */
export type ArgumentsMayBeLeftOut<A> = [] extends A
  ? unknown
  : 'Its constructor needs arguments: write them after the options.';

/** The arguments of the constructor, or of the static method that `create` names. */
export type ArgumentsOf<C, O> = [O] extends [Creating<infer K>]
  ? Parameters<MethodAt<C, K>>
  : C extends Constructor
    ? ConstructorParameters<C>
    : never;

/**
 * Constructor arguments without a module or options before them. If the first is a string, a URL or `undefined`, it would be taken
 * for the module.
 */
export type EarlyArgumentsOf<C extends Constructor> = [unknown] extends [ConstructorParameters<C>[0]]
  ? ConstructorParameters<C>
  : [ConstructorParameters<C>[0]] extends [string | URL | undefined]
    ? NoEarlyArguments<ConstructorParameters<C>>
    : ConstructorParameters<C>;

/** No arguments. The compiler shows the sentence for all that no other signature accepts, such as a mistyped option. */
type NoEarlyArguments<A> =
  | ([] extends A ? [] : never)
  | [
      A extends []
        ? 'An option has an unknown name or a value of another type, or a constructor that takes no argument is given one.'
        : 'This would be taken for the module. Write the options first, if only {}: procxy(Class, {}, ...constructorArgs).',
    ];

/**
 * The arguments after the options: those of the public constructor, or of the static method that the option `create` names. It also
 * works in generic functions, where the class is not known yet.
 *
 * @example
 * ```ts
 * function start<C extends Constructor, const O extends ProcxyOptions>(
 *   Class: C,
 *   options: KnownOptions<C, O>,
 *   ...args: ArgumentsFor<C, O>
 * ) {
 *   return procxy(Class, undefined, options, ...args);
 * }
 * ```
 */
export type PublicArgumentsOf<C extends Constructor, O> = [O] extends [Creating<infer K>]
  ? Parameters<MethodAt<C, K>>
  : ConstructorParameters<C>;

export type PublicInstanceOf<C extends Constructor, O> = [O] extends [Creating<infer K>] ? Made<C, K> : InstanceType<C>;

/** The type of instance that the static method makes. */
type Made<C, K> =
  ReturnType<MethodAt<C, K>> extends infer R ? Extract<R extends Promise<infer T> ? T : R, object> : never;

/** The type of the instance. */
export type InstanceOf<C, O> = [O] extends [Creating<infer K>]
  ? Made<C, K>
  : C extends Constructor<infer T>
    ? T
    : never;
