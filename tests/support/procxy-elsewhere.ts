/**
 * What the tests import as `procxy` if PROCXY_ELSEWHERE contains options, as JSON: each child is started with them, in
 * another runtime or on another channel.
 */
import * as real from '../../dist/index.js';
import { callerUrl } from '../../src/parent/caller.js';

export * from '../../dist/index.js';

const elsewhere = JSON.parse(process.env['PROCXY_ELSEWHERE'] ?? '{}') as real.ProcxyOptions;

function started(Class: unknown, ...rest: unknown[]): unknown {
  const isModule = typeof rest[0] === 'string' || rest[0] instanceof URL || rest[0] === undefined;
  let module = isModule ? rest.shift() : undefined;
  // The calling file is now this one.
  if (typeof module === 'string' && module.startsWith('.')) module = new URL(module, callerUrl(started as never)).href;
  const isOptions = rest[0] === undefined || Object.getPrototypeOf(rest[0]) === Object.prototype;
  const options = isOptions ? (rest.shift() as real.ProcxyOptions | undefined) : undefined;
  const start = real.procxy as (...args: unknown[]) => unknown;
  return start(Class, module, { ...elsewhere, ...options }, ...rest);
}

export const procxy = Object.assign(started, { warm: real.procxy.warm }) as typeof real.procxy;
