import { describe, expect, test } from 'vitest';
import { type Class, nameOf, shapeOf, sourceOf } from '../../src/classes.js';
import { findClass } from '../../src/child/find-class.js';
import { ModuleResolutionError } from '../../src/errors.js';

const find = (namespace: object, type: Class, name = nameOf(type)): unknown =>
  findClass(namespace, { name, source: sourceOf(type), shape: shapeOf(type) }, 'module.js');

class Circle {
  radius = 1;
}
class Square {
  side = 1;
}
const functionNamed = (name: string): Class =>
  Object.defineProperty(function () {}, 'name', { value: name }) as unknown as Class;

class Throwing {
  static get name(): string {
    throw new Error('no name');
  }
}
class Symbolic {
  static name = Symbol('none') as unknown as string;
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

  test('by its text, even if another class has its name', () => {
    const other = Object.defineProperty(class extends Square {}, 'name', { value: 'Circle' });
    expect(find({ Circle: other, Original: Circle }, Circle)).toBe(Circle);
  });

  test('by its name, if a bundler has changed its text', () => {
    expect(
      findClass(
        { Circle, Square },
        { name: 'Circle', source: 'class Circle{minified}', isModuleNamed: true },
        'module.js',
      ),
    ).toBe(Circle);
  });

  test('by its name among several classes with the same text', () => {
    const [first, second] = [made(), made()];
    expect(find({ first, second }, first, 'second')).toBe(second);
  });

  test('even if an export throws, or is not initialized yet', () => {
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

describe('an export that is merely named like the class', () => {
  /** As the parent asks where the user has not named the module. */
  const unnamed = (namespace: object, type: Class): unknown =>
    findClass(namespace, { name: nameOf(type), source: `${sourceOf(type)} `, shape: shapeOf(type) }, 'module.js');
  const named = (namespace: object, type: Class): unknown =>
    findClass(
      namespace,
      { name: nameOf(type), source: `${sourceOf(type)} `, shape: shapeOf(type), isModuleNamed: true },
      'module.js',
    );
  class Machine {
    static kind = 'machine';
    run(): void {}
  }
  const Other = {
    Machine: class {
      stop(): void {}
    },
  }.Machine;

  test('is the class if another loader has compiled it', () => {
    expect(unnamed({ Machine }, Machine)).toBe(Machine);
  });

  test('is not the class if only the wanted one is anonymous, and both are default exports', () => {
    const Anonymous = { default: class {} }.default;
    expect(() => named({ default: Machine }, Anonymous)).toThrow(
      'module.js does not export an anonymous class; it exports default.',
    );
    const Compiled = { default: class {} }.default;
    expect(named({ default: Compiled, Machine }, Anonymous)).toBe(Compiled);
    const ByTypeScript = class default_1 {};
    expect(named({ default: ByTypeScript, Machine }, Anonymous)).toBe(ByTypeScript);
  });

  test('is not the class if its members differ, unless the user has named the module', () => {
    expect(() => unnamed({ Machine: Other }, Machine)).toThrow(
      /exports Machine, which differs from the class Machine.*`exportName`/,
    );
    expect(named({ Machine: Other }, Machine)).toBe(Other);
  });

  test.each([
    ['a function that makes a class', functionNamed('Machine')],
    ['an arrow function', { Machine: () => Other }.Machine],
  ])('is not the class if it is %s', (_name, Mixin) => {
    expect(() => named({ Machine: Mixin }, Machine)).toThrow(ModuleResolutionError);
    expect(() => unnamed({ Machine: Mixin }, Machine)).toThrow(ModuleResolutionError);
    expect(find({ Machine: Mixin, Made: Machine }, Machine)).toBe(Machine);
  });

  test('may be a function if a transpiler has turned classes into functions', () => {
    const Old = functionNamed('Machine');
    Old.prototype.run = () => {};
    expect(named({ Machine: Old }, Machine)).toBe(Old);
    expect(named({ Old: functionNamed('Machine') }, Old)).toBeTypeOf('function');
  });
});

describe('the export that is named', () => {
  const at = (namespace: object, exportName: string): unknown =>
    findClass(namespace, { name: 'Any', source: 'any', exportName }, 'module.js');

  test('is the class, whatever its name and text are', () => {
    expect(at({ Circle, Square }, 'Square')).toBe(Square);
    expect(at({ default: Circle, Square }, 'default')).toBe(Circle);
    expect(at({ shapes: { round: { Circle } } }, 'shapes.round.Circle')).toBe(Circle);
  });

  test('is found in CommonJS', () => {
    expect(at({ default: { Circle } }, 'Circle')).toBe(Circle);
    expect(at({ default: { default: Circle } }, 'default')).toBe(Circle);
    expect(at({ 'module.exports': { Circle } }, 'Circle')).toBe(Circle);
  });

  test('must be a class', () => {
    expect(() => at({ Circle, parse: () => 1 }, 'parse')).toThrow(
      'module.js exports no class as `parse`. It exports Circle.',
    );
    expect(() => at({ n: 1 }, 'missing.n')).toThrow('It exports no class at all.');
  });
});

describe('whatever `new` accepts is a class', () => {
  const Factory = function Factory() {
    return { made: true };
  } as unknown as Class;
  Object.defineProperty(Factory, 'prototype', { value: null });

  test.each<[string, unknown]>([
    ['a function without a prototype object', Factory],
    ['a Proxy of a class', new Proxy(Circle, {})],
    ['a bound class', Circle.bind(null)],
    ['a class whose name is a getter that throws', Throwing],
    ['a class whose name is a symbol', Symbolic],
  ])('%s', (_name, type) => {
    expect(find({ Any: type, Square }, type as Class, nameOf(type as Class))).toBe(type);
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

  test('if the class is not among them', () => {
    expect(message({ Square, list: { Made: made() } }, Circle)).toMatch(/^module\.js .*Circle.* Square, list\.Made\b/);
  });

  test('if there is no class at all', () => {
    expect(message({ n: 1, f: () => 1 }, Circle)).toMatch(/exports no class.*Circle/);
  });

  test('if several may be the class', () => {
    expect(message({ first: made(), second: made() }, made(), 'Made')).toMatch(/several.*first, second/);
  });

  test('if the class has no name', () => {
    expect(message({ Square }, class {}, '')).toContain('anonymous');
  });
});

test('only getters of modules are run', () => {
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

test('an object with more keys than any module is not searched', () => {
  const dictionary: Record<string, unknown> = Object.fromEntries(
    Array.from({ length: 10_001 }, (_, n) => [`k${n}`, n]),
  );
  dictionary['Circle'] = Circle;
  expect(() => find({ dictionary }, Circle)).toThrow(ModuleResolutionError);
});
