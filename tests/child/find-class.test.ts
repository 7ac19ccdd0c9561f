import { describe, expect, test } from 'vitest';
import { findClass } from '../../src/child/find-class.js';
import { ModuleResolutionError } from '../../src/errors.js';

type Class = new (...args: unknown[]) => object;

const sourceOf = (type: unknown): string => Function.prototype.toString.call(type);
const find = (namespace: object, type: Class, name = type.name): unknown =>
  findClass(namespace, { name, source: sourceOf(type) }, 'module.js');

class Circle {
  radius = 1;
}
class Square {
  side = 1;
}
/** Classes of the same text and name, as a factory makes them. */
const made = (): Class => class Made {};

describe('the class is found', () => {
  test.each<[string, object]>([
    ['under its name', { Circle, Square }],
    ['under another name', { Round: Circle, Square }],
    ['as the default export', { default: Circle, Square }],
    ['under two names', { Circle, Round: Circle }],
    ['in transpiled CommonJS', { default: { default: { Circle } } }],
    ['within a namespace', { shapes: { Circle }, Square }],
    ['as a static field of another class', { Shapes: Object.assign(class {}, { Circle }) }],
    ['behind the getters of a barrel', Object.defineProperty({}, 'Circle', { enumerable: true, get: () => Circle })],
  ])('%s', (_name, namespace) => {
    expect(find(namespace, Circle)).toBe(Circle);
  });

  test('by its text, though another has its name', () => {
    const other = Object.defineProperty(class extends Square {}, 'name', { value: 'Circle' });
    expect(find({ Circle: other, Original: Circle }, Circle)).toBe(Circle);
  });

  test('by its name, where a bundler has changed its text', () => {
    expect(findClass({ Circle, Square }, { name: 'Circle', source: 'class Circle{minified}' }, 'module.js')).toBe(
      Circle,
    );
  });

  test('by its name among several of the same text', () => {
    const [first, second] = [made(), made()];
    expect(find({ first, second }, first, 'second')).toBe(second);
  });

  test('though an export throws, or is not initialized yet', () => {
    const namespace = {
      get early(): never {
        throw new ReferenceError('not initialized');
      },
      Circle,
    };
    expect(find(namespace, Circle)).toBe(Circle);
  });

  test('in a namespace that leads back to itself', () => {
    const namespace: Record<string, unknown> = { inner: { Circle } };
    namespace['self'] = namespace;
    expect(find(namespace, Circle)).toBe(Circle);
  });
});

describe('an error names the candidates', () => {
  const message = (namespace: object, type: Class, name?: string): string => {
    try {
      find(namespace, type, name);
    } catch (error) {
      expect(error).toBeInstanceOf(ModuleResolutionError);
      return (error as Error).message;
    }
    throw new Error('It was found.');
  };

  test('where the class is not among them', () => {
    expect(message({ Square, list: { Made: made() } }, Circle)).toMatch(/^module\.js .*Circle.* Square, list\.Made\b/);
  });

  test('where there is no class at all', () => {
    expect(message({ n: 1, f: () => 1 }, Circle)).toMatch(/exports no class.*Circle/);
  });

  test('where several could be it', () => {
    expect(message({ first: made(), second: made() }, made(), 'Made')).toMatch(/several.*first, second/);
  });

  test('where the class has no name', () => {
    expect(message({ Square }, class {}, '')).toContain('anonymous');
  });
});

test('no getter of anything but a module is run', () => {
  const data = {
    get danger(): never {
      throw new Error('A getter was run.');
    },
  };
  let reads = 0;
  const counting = Object.defineProperty({}, 'x', { enumerable: true, get: () => ++reads });
  expect(find({ data, counting, Circle }, Circle)).toBe(Circle);
  expect(reads).toBe(0);
});

test('a dictionary with more keys than a module has is not searched', () => {
  const dictionary: Record<string, unknown> = Object.fromEntries(
    Array.from({ length: 10_001 }, (_, n) => [`k${n}`, n]),
  );
  dictionary['Circle'] = Circle;
  expect(() => find({ dictionary }, Circle)).toThrow(ModuleResolutionError);
});
