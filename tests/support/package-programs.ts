/** The programs of a user of the package, by their paths inside an app's folder. */

const counterClass = `class Counter {
  #count;
  constructor(start = 0) { this.#count = start; }
  add(amount) { return (this.#count += amount); }
  node() { return { pid: process.pid, version: process.version }; }
}`;
/** Makes two proxies, one by its path and one by the class alone. Each prints a line. */
const main = (file: string): string => `
async function main() {
  for (const counter of [await procxy(Counter, ${JSON.stringify(file)}, {}, 40), await procxy(Counter, {}, 40)]) {
    const { pid, version } = await counter.node();
    console.log(await counter.add(2), counter instanceof Counter, pid !== process.pid, version);
    await counter.$terminate();
  }
}
main();
`;

/** Each prints two lines and ends. */
export const javascriptPrograms: Record<string, string> = {
  'counter.js': `export ${counterClass}`,
  'main.js': `import { procxy } from 'procxy';\nimport { Counter } from './counter.js';\n${main('./counter.js')}`,
  'counter.cjs': `exports.Counter = ${counterClass};`,
  'main.cjs': `const { procxy } = require('procxy');\nconst { Counter } = require('./counter.cjs');\n${main('./counter.cjs')}`,
  // A bundler converts its imports for the format.
  'to-cjs.js': `import { procxy } from 'procxy';\nimport { Counter } from './counter.cjs';\n${main('./counter.cjs')}`,
};

const typedCounter = `export class Counter {
  #count: number;
  constructor(start: number) { this.#count = start; }
  add(amount: number): number { return (this.#count += amount); }
  async name(): Promise<string> { return 'counter'; }
}`;
const typedMain = (extension: string): string => `
  import { procxy, ModuleResolutionError, type Procxy, type ProcxyOptions } from 'procxy';
  import { Counter } from './counter.${extension}';

  const options: ProcxyOptions = { timeout: 60_000 };
  async function main(): Promise<void> {
    await using counter = await procxy(Counter, './counter.${extension}', options, 40);
    const sum: number = await counter.add(2);
    const name: string = await counter.name();
    console.log(sum, name);
    const error = await procxy(Counter, './missing.${extension}', {}, 1).catch((reason: unknown) => reason);
    if (!(error instanceof ModuleResolutionError)) throw error;
    console.log(error.code satisfies 'PROCXY_MODULE_RESOLUTION');
  }
  main();

  export async function wrong(counter: Procxy<Counter>): Promise<void> {
    // @ts-expect-error: a result is a promise
    const sum: number = counter.add(2);
    // @ts-expect-error: no such method
    await counter.subtract(sum);
    // @ts-expect-error: no such option
    await procxy(Counter, './counter.${extension}', { timeOut: 1 }, 40);
    // @ts-expect-error: the constructor takes a number
    await procxy(Counter, './counter.${extension}', {}, '40');
  }`;
const config = (options: object, files: string[]): string =>
  JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      strict: true,
      skipLibCheck: false,
      types: ['node'],
      outDir: 'out',
      ...options,
    },
    files,
  });

/** `main` is compiled and run in both module formats. It also contains what must not compile. */
export const typescriptPrograms: Record<string, string> = {
  'ts/counter.ts': typedCounter,
  'ts/counter.cts': typedCounter,
  'ts/main.ts': typedMain('js'),
  'ts/main.cts': typedMain('cjs'),
  'ts/nodenext.json': config({ module: 'nodenext', moduleResolution: 'nodenext' }, ['main.ts', 'main.cts']),
  'ts/bundler.json': config({ module: 'esnext', moduleResolution: 'bundler', noEmit: true }, ['main.ts']),
};
