import { expect, test } from 'vitest';
import { loadClass } from '../../src/child/load-class.js';
import { ModuleResolutionError } from '../../src/errors.js';
import { isLoading } from '../../src/loading-mark.js';
import { Circle } from '../fixtures/modules/shapes.js';
import type { LoadRequest } from '../../src/protocol.js';

const request = (path: string, type: { readonly name: string }): LoadRequest =>
  ({
    module: { url: new URL(path, import.meta.url).href },
    class: { name: type.name, source: Function.prototype.toString.call(type) },
  }) as LoadRequest;

test('the class is the export of the module that was named, with the module itself', async () => {
  const { Class, namespace } = await loadClass(request('../fixtures/modules/shapes.js', Circle));
  expect(Class).toBe(Circle);
  expect(namespace).toHaveProperty('Circle', Circle);
});

test('an error names the module and the class', async () => {
  const load = loadClass(request('../fixtures/modules/private.js', Circle));
  await expect(load).rejects.toBeInstanceOf(ModuleResolutionError);
  await expect(load).rejects.toThrow(/private\.js.*Circle/);
});

test('while the module loads, a proxy of its class would be made without end: it is known then', async () => {
  const { class: reference } = request('', Circle);
  const loading = loadClass(request('../fixtures/modules/shapes.js', Circle));
  expect(isLoading(reference)).toBe(true);
  await loading;
  expect(isLoading(reference)).toBe(false);
});
