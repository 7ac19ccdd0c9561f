import type { AnyFunction } from './any-function.js';
import type { AsParameter, AsResult, Crossing, Setting } from './crossing.js';
import type { Refused, Step } from './steps.js';
import type { VerdictOf, VerdictOfAll } from './verdict.js';

/** The reasons in compiler errors why a member is not usable, and the paths of the parts that cannot cross. */

/** With functions enabled, would it cross? */
type Enabled<S extends Setting> = Setting<S['mode'], S['handles'], true, S['references']>;

/** If it could stay in the child? */
type Referring<S extends Setting> = Setting<S['mode'], S['handles'], S['callbacks'], true>;

type IsRefused<T, C extends Crossing> = Refused extends VerdictOf<T, C> ? true : false;

export type ParameterReason<A extends readonly unknown[], S extends Setting> = [
  S['callbacks'],
  Refused extends VerdictOfAll<A, AsParameter<Enabled<S>>> ? true : false,
] extends [false, false]
  ? 'A parameter of this method is or contains a function. Use { enableCallbacks: true } to let functions cross.'
  : Extract<A[number], AnyFunction> extends never
    ? S['mode'] extends 'json'
      ? "JSON would change a parameter of this method. Use { serialization: 'advanced' }, or take plain data: a Date as a string, a Map as its entries, a Buffer as base64."
      : 'A parameter of this method cannot be cloned: it holds methods, private fields or the like. Take plain data, or register a transfer handler for its class.'
    : 'A parameter of this method is a function whose own parameters or result cannot cross in this serialization mode.';

export type ParameterPlace<A extends readonly unknown[], C extends Crossing> = {
  [K in keyof A]: Place<A[K], C, `args[${K & string}]`>;
}[number];

export type ResultReason<R, S extends Setting> = [S['callbacks'], IsRefused<R, AsResult<Enabled<S>>>] extends [
  false,
  false,
]
  ? 'The result of this method is a function. Use { enableCallbacks: true } to let functions cross.'
  : [S['references'], IsRefused<R, AsResult<Referring<S>>>] extends [false, false]
    ? 'The result of this method is an object that cannot be copied. Use { enableReferences: true } to let it stay in the child.'
    : S['mode'] extends 'json'
      ? "The result of this method cannot be expressed in JSON. Use { serialization: 'advanced' }, or return plain data: a Map as its entries, a Buffer as base64, a bigint as a string."
      : 'The result of this method cannot be cloned. Return plain data, or register a transfer handler for its class.';

export type PropertyReason = 'This property cannot cross in the serialization mode of this proxy.';

/** How deep a place is looked for. */
type Depth = [0, 0, 0, 0, 0, 0];

/** Where in a value the parts are that cannot cross, as run-time errors name them: `args[0].image`. */
export type Place<T, C extends Crossing, Root extends string> =
  IsRefused<T, C> extends true ? PlaceIn<T, C, Root, Depth> : never;

type PlaceIn<T, C extends Crossing, Root extends string, Left> =
  IsIn<T, C> extends true ? Root : Left extends [0, ...infer Rest] ? PlaceAmong<T, C, Root, Rest> : Root;

/** Whether the value itself, or one of a union, is what cannot cross. */
type IsIn<T, C extends Crossing> = unknown extends T ? false : Refused extends Step<T, C> ? true : false;

/** Those of the nearest level: a recursive type has each of its places at any depth. */
type PlaceAmong<T, C extends Crossing, Root extends string, Left> = T extends readonly (infer Item)[]
  ? PlaceIn<Item, C, `${Root}[]`, Left>
  : T extends AnyFunction
    ? Root
    : NearKeys<T, C> extends infer Near
      ? [Near] extends [never]
        ? {
            [K in keyof T & string]: IsRefused<T[K], C> extends true ? PlaceIn<T[K], C, `${Root}.${K}`, Left> : never;
          }[keyof T & string]
        : `${Root}.${Near & string}`
      : never;

type NearKeys<T, C extends Crossing> = { [K in keyof T]-?: IsIn<T[K], C> extends true ? K : never }[keyof T];
