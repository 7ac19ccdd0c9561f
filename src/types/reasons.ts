import type { Setting } from './crossing.js';
import type { CannotCross } from './serializable.js';

/** The reasons in compiler errors why a method is not callable. */

/** @typeParam Enabled whether enabling functions would help, @typeParam TakesFunction whether a parameter is itself a function */
export type Parameter<S extends Setting, Enabled extends boolean, TakesFunction extends boolean> = [
  S['callbacks'],
  Enabled,
] extends [false, true]
  ? CannotCross<'A parameter of this method is or contains a function. Use { enableCallbacks: true } to let functions cross.'>
  : TakesFunction extends true
    ? CannotCross<'A parameter of this method is a function whose own parameters or result cannot cross in this serialization mode.'>
    : S['mode'] extends 'json'
      ? CannotCross<"JSON would change a parameter of this method. Use { serialization: 'advanced' }, or take plain data: a Date as a string, a Map as its entries, a Buffer as base64.">
      : CannotCross<'A parameter of this method cannot be cloned: it holds methods, private fields or the like. Take plain data, or register a transfer handler for its class.'>;

/** @typeParam Enabled whether enabling functions would help, @typeParam Referring whether enabling references would help */
export type Result<S extends Setting, Enabled extends boolean, Referring extends boolean> = [
  S['callbacks'],
  Enabled,
] extends [false, true]
  ? CannotCross<'The result of this method is a function. Use { enableCallbacks: true } to let functions cross.'>
  : [S['references'], Referring] extends [false, true]
    ? CannotCross<'The result of this method is an object that cannot be copied. Use { enableReferences: true } to let it stay in the child.'>
    : S['mode'] extends 'json'
      ? CannotCross<"The result of this method cannot be expressed in JSON. Use { serialization: 'advanced' }, or return plain data: a Map as its entries, a Buffer as base64, a bigint as a string.">
      : CannotCross<'The result of this method cannot be cloned. Return plain data, or register a transfer handler for its class.'>;
