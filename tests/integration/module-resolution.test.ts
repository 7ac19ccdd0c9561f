import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { LRUCache } from 'lru-cache';
import { ModuleResolutionError, procxy } from 'procxy';
import AnonymousDefault from '../fixtures/modules/anonymous-default.js';
import { Circle, Renamed, Square as AliasOfSquare, nested } from '../fixtures/modules/outer-barrel.js';
import { IsArray, IsMap, Messy, OnWithoutEmit, ReturnsBare, ReturnsOther } from '../fixtures/modules/instances.js';
import * as mixins from '../fixtures/modules/mixins.js';
import { Nesting } from '../fixtures/modules/nesting.js';
import * as privates from '../fixtures/modules/private.js';
import * as shapes from '../fixtures/modules/shapes.js';
import { Colour, Painter } from '../fixtures/modules/with-enum.js';
import { Typed } from '../fixtures/modules/typed.js';
import { runScript } from '../support/scripts.js';

const require = createRequire(import.meta.url);
type Maker = new () => { kind(): string };

describe('the class finds its own module', () => {
  test('imported by name, through two barrels', async () => {
    await using circle = await procxy(Circle, undefined, undefined, 2);
    expect(await circle.area()).toBe(12);
  });

  test('renamed where it is exported, and again where it is imported', async () => {
    await using square = await procxy(AliasOfSquare);
    expect(await square.name()).toBe('square');
  });

  test('as a default export, renamed by a barrel', async () => {
    await using triangle = await procxy(Renamed);
    expect(await triangle.corners()).toBe(3);
  });

  test('as an anonymous default export', async () => {
    await using anonymous = await procxy(AnonymousDefault);
    expect(await anonymous.answer()).toBe(42);
  });

  test('from a namespace, and a namespace within one', async () => {
    await using direct = await procxy(shapes.default);
    await using inner = await procxy(nested.Circle);
    expect([await direct.corners(), await inner.area()]).toEqual([3, 3]);
  });

  test('from a dynamic import', async () => {
    const { Circle: Dynamic } = await import('../fixtures/modules/shapes.js');
    await using circle = await procxy(Dynamic);
    expect(await circle.area()).toBe(3);
  });

  for (const [file, pick, kind] of [
    ['single.cjs', (exports: unknown) => exports, 'module.exports is the class'],
    ['several.cjs', (exports: { Second: unknown }) => exports.Second, 'second'],
    ['transpiled.cjs', (exports: { default: { default: unknown } }) => exports.default.default, 'transpiled'],
  ] as const) {
    test(`from CommonJS: ${file}`, async () => {
      const Class = (pick as (exports: unknown) => Maker)(require(`../fixtures/modules/${file}`));
      await using found = await procxy(Class);
      expect(await found.kind()).toBe(kind);
      await using named = await procxy(Class, `../fixtures/modules/${file}`);
      expect(await named.kind()).toBe(kind);
    });
  }

  test('as a constructor function', async () => {
    const { Old } = require('../fixtures/modules/es5.cjs') as { Old: new (n: number) => { get(): number } };
    await using old = await procxy(Old, undefined, undefined, 5);
    expect(await old.get()).toBe(5);
  });

  test('by the name of its package, resolved as the calling file would', async () => {
    await using cache = await procxy(LRUCache<string, number>, 'lru-cache', {}, { max: 2 });
    expect(await cache.$get('max')).toBe(2);
  });

  test('by a barrel that is named as the module', async () => {
    await using circle = await procxy(Circle, '../fixtures/modules/outer-barrel.js');
    expect(await circle.area()).toBe(3);
  });

  test('a TypeScript module, found and named, with and without its compiled name', async () => {
    for (const path of [undefined, '../fixtures/modules/typed.ts', '../fixtures/modules/typed.js']) {
      await using typed = await procxy(Typed, path, undefined, 3);
      expect(await typed.times(2)).toBe(6);
    }
  });

  test('a TypeScript module with an enum, which only tsx can compile', async () => {
    await using painter = await procxy(Painter, undefined, undefined, Colour.Red);
    expect(await painter.paint()).toBe('painted red');
  });

  test('a worker that itself uses procxy', async () => {
    await using nesting = await procxy(Nesting);
    const { area, pid, parent } = await nesting.area(2);
    expect(area).toBe(12);
    expect(new Set([pid, parent, process.pid]).size).toBe(3);
  });

  describe('where classes look alike', () => {
    test('a class that a mixin of its own name has made', async () => {
      await using basket = await procxy(mixins.CountedBasket);
      expect([await basket.kind(), await basket.countUp()]).toEqual(['basket', 1]);
    });

    test('a mixin is not taken for the class that it makes', async () => {
      for (const module of [undefined, '../fixtures/modules/mixins.js']) {
        const error: unknown = await procxy(mixins.makeHidden(), module).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(ModuleResolutionError);
        expect((error as Error).message).toMatch(/CountedBasket.*exportName|exportName.*CountedBasket/);
      }
    });

    test('two classes of one decorator, by the classes that they decorate', async () => {
      await using basket = await procxy(mixins.LoggedBasket);
      await using crate = await procxy(mixins.LoggedCrate, '../fixtures/modules/mixins.js');
      expect([await basket.kind(), await crate.kind()]).toEqual(['basket, logged', 'crate, logged']);
    });

    test('two classes that differ in nothing, by the export that is named', async () => {
      const error: unknown = await procxy(mixins.LoggedTwice).catch((reason: unknown) => reason);
      expect((error as Error).message).toMatch(
        /several candidates for an anonymous class: LoggedTwice, LoggedTwiceAgain\. Name one of them in `exportName`\./,
      );
      await using crate = await procxy(mixins.LoggedTwice, { exportName: 'LoggedTwice' });
      expect(await crate.kind()).toBe('crate, logged, logged');
    });

    test('a factory without a prototype', async () => {
      await using tap = await procxy(mixins.Tap as unknown as new () => { tapped(): string });
      expect(await tap.tapped()).toBe('tapped');
    });

    test.each([
      ['throws', mixins.Nameless],
      ['is a symbol', mixins.Symbolic],
    ])('a class whose static name %s', async (_name, Class) => {
      await using answering = await procxy(Class as typeof mixins.Nameless);
      expect(await answering.answer()).toMatch(/nameless|symbolic/);
      expect(inspect(answering)).toMatch(/^Procxy<(Nameless|Symbolic)>/);
    });
  });

  describe('instances of every kind', () => {
    test('a constructor that returns another object', async () => {
      await using other = (await procxy(ReturnsOther)) as unknown as {
        hello(): Promise<string>;
        data: number;
      } & AsyncDisposable;
      expect(await other.hello()).toBe('from another object');
      expect(other.data).toBe(1);
    });

    test('an object without a prototype', async () => {
      await using bare = (await procxy(ReturnsBare)) as unknown as { hello(): Promise<string> } & AsyncDisposable;
      expect(await bare.hello()).toBe('no prototype');
    });

    test('a `this` result that is a Map or an array is the proxy', async () => {
      const map = await procxy(IsMap);
      expect(await (map as unknown as { add(k: string, v: number): Promise<unknown> }).add('a', 1)).toBe(map);
      await map.$terminate();
      const array = await procxy(IsArray);
      const methods = array as unknown as { fillUp(): Promise<unknown>; total(): Promise<number> };
      expect(await methods.fillUp()).toBe(array);
      expect(await methods.total()).toBe(100_000);
      await array.$terminate();
    });

    test('own fields that are cyclic, infinite or full of functions', async () => {
      await using messy = await procxy(Messy);
      expect(await messy.hello()).toBe('fine');
      expect(messy.fine).toBe(1);
      expect(() => messy.infinite).toThrow(/infinite is Infinity, which JSON cannot express/);
      expect(() => Reflect.get(messy, 'functions') as unknown).toThrow(/functions\[0\] is a function/);
    });

    test('an `on` without an `emit` is a method like any other', async () => {
      await using plain = await procxy(OnWithoutEmit);
      expect(await plain.on('and on')).toBe('on and on');
    });
  });

  describe('says what to do when the class cannot be found:', () => {
    test('not exported', async () => {
      const error = await procxy(privates.makeClass()).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ModuleResolutionError);
      expect((error as Error).message).toMatch(
        /private\.js does not export the class Private; it exports .*Public\. Export it there/,
      );
    });

    test('anonymous, in the wrong module', async () => {
      const error = await procxy(AnonymousDefault, '../fixtures/modules/shapes.js').catch((reason: unknown) => reason);
      expect((error as Error).message).toMatch(/does not export .*it exports Circle, Square, default/);
    });

    test('in the main file of a program, as in a bundle', async () => {
      const url = new URL('../fixtures/main-with-class.js', import.meta.url);
      const { stdout } = await runScript(`
        import { execFileSync } from 'node:child_process';
        console.log(execFileSync(process.execPath, [${JSON.stringify(fileURLToPath(url))}], { encoding: 'utf8' }));
      `);
      expect(stdout).toMatch(
        /ModuleResolutionError.*the class InMain .*main file .*main-with-class\.js.*Move it to its own module/,
      );
    });

    test('in a bundle', async () => {
      const folder = mkdtempSync(fileURLToPath(new URL('../fixtures/bundle-', import.meta.url)));
      const entry = join(folder, 'app.js');
      writeFileSync(
        entry,
        `import { procxy } from 'procxy';
        import { Circle } from '../modules/shapes.js';
        console.log(await procxy(Circle).catch((error) => error.name + ': ' + error.message));
        const named = await procxy(Circle, '../modules/shapes.js');
        console.log(await named.area());
        await named.$terminate();`,
      );
      const outfile = join(folder, 'bundle.mjs');
      await build({
        entryPoints: [entry],
        outfile,
        bundle: true,
        platform: 'node',
        format: 'esm',
        external: ['procxy'],
      });
      const stdout = execFileSync(process.execPath, [outfile], { encoding: 'utf8' });
      rmSync(folder, { recursive: true });
      expect(stdout).toMatch(
        /^ModuleResolutionError: .*the class Circle .*main file .*bundle\.mjs.*If you bundle, leave that module out of the bundle/,
      );
      expect(stdout).toMatch(/\n3\n$/);
    });

    test('without an inspector, under the permission model', async () => {
      const flag = process.allowedNodeEnvironmentFlags.has('--permission')
        ? '--permission'
        : '--experimental-permission';
      const { stdout } = await runScript(
        `
        console.log(await procxy(Mortal).catch((error) => error.name + ': ' + error.message));
        const named = await procxy(Mortal, mortalUrl);
        console.log(await named.ping());
        await named.$terminate();
        `,
        { NODE_OPTIONS: `${flag} --allow-fs-read=* --allow-child-process --no-warnings` },
      );
      expect(stdout).toMatch(
        /ModuleResolutionError: The module of the class Mortal could not be found from the class alone: V8 cannot be asked/,
      );
      expect(stdout).toContain("Name it: procxy(Class, './module.js').");
      expect(stdout).toContain('pong');
    });
  });
});

test('a constructor argument that is taken for the module is named, with what to write', async () => {
  class Store {
    constructor(readonly file: string) {}
  }
  const start = procxy as unknown as (...args: unknown[]) => Promise<unknown>;
  await expect(start(Store, 'test.db')).rejects.toThrow(
    /Cannot find package 'test\.db'.*procxy\(Class, \{\}, 'test\.db'\)/,
  );
});
