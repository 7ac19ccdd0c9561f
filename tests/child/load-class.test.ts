import { expect, test } from 'vitest';
import { type Class, shapeOf, sourceOf } from '../../src/classes.js';
import { loadClass } from '../../src/child/load-class.js';
import { ModuleResolutionError } from '../../src/errors.js';
import { isLoading } from '../../src/loading-mark.js';
import { Circle } from '../fixtures/modules/shapes.js';
import type { LoadRequest } from '../../src/protocol.js';

const request = (path: string, type: typeof Circle): LoadRequest =>
  ({
    module: { url: new URL(path, import.meta.url).href },
    class: { name: type.name, source: sourceOf(type), shape: shapeOf(type as Class) },
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

test('a class is known to be loading until its module has loaded', async () => {
  const wanted = { class: request('', Circle).class, module: undefined };
  const loading = loadClass(request('../fixtures/modules/shapes.js', Circle));
  expect(isLoading(wanted)).toBe(true);
  await loading;
  expect(isLoading(wanted)).toBe(false);
});
