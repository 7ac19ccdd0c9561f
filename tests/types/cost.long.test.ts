import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { usersFlags } from './users-flags.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(root, 'tests/types/cost-'));

const MEMBERS = 300;
/** The methods that a file uses, and the properties. */
const USED = 100;
/** Instantiations that a proxy may cost above the plain class. */
const LIMIT = 60_000;

function each(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join('\n');
}

/** Rows refer to each other in a circle, so that a type has many levels. */
const rows = each(
  50,
  (i) =>
    `export interface Row${i} { id: number; name: string; tags: string[]; nested: { a: number; b?: Row${(i + 1) % 50} } }`,
);

const signatures = [
  (i: number) => `method${i}(a: number, b: string): number { return a + b.length; }`,
  (i: number) => `method${i}(row: Row${i % 50}, limit?: number): Row${i % 50}[] { return Array(limit).fill(row); }`,
  (i: number) => `async method${i}(text: string): Promise<Row${i % 50} | undefined> { return this.find(text); }`,
  (i: number) =>
    `method${i}(list: string[], options?: { deep: boolean; max?: number }): { rows: Row${i % 50}[]; total: number } {
      return { rows: [], total: list.length + (options?.max ?? 0) };
    }`,
  (i: number) => `async method${i}(_id: number): Promise<void> {}`,
];
const types = [
  () => 'number',
  () => 'string | undefined',
  (i: number) => `Row${i % 50} | undefined`,
  (i: number) => `Row${i % 50}[]`,
];
const given = ["1, 'x'", '{} as never', "'x'", "['x']", '1'];

const big = `${rows}
export declare class Base { find(_text: string): undefined; }
export class Big extends Base {
  ${each(MEMBERS, (i) => signatures[i % signatures.length]!(i))}
  ${each(MEMBERS, (i) => `declare property${i}: ${types[i % types.length]!(i)};`)}
}`;

const uses = each(USED, (i) => `  void big.method${i}(${given[i % given.length]});\n  void big.property${i};`);

const programs = {
  plain: `export function use(big: Big): void {\n${uses}\n}`,
  proxied: `export function use(big: Procxy<Big>): void {\n${uses}\n}`,
  created: `export async function use(): Promise<Procxy<Big>> {
    const big: Procxy<Big> = await procxy(Big, { timeout: 5, retries: 1 });
    ${uses}
    return big;
  }`,
};

/** How many types the compiler makes for a program. A machine's load changes nothing about it. */
function instantiations(name: keyof typeof programs): number {
  const lib = ['--lib', 'es2023,esnext.disposable', '--extendedDiagnostics', join(folder, `${name}.ts`)];
  const output = execFileSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), ...usersFlags, '--skipLibCheck', ...lib],
    {
      encoding: 'utf8',
    },
  );
  return Number(/Instantiations:\s+(\d+)/.exec(output)?.[1]);
}

describe('a class of 300 methods and 300 properties', () => {
  let plain: number;

  beforeAll(() => {
    writeFileSync(join(folder, 'big.ts'), big);
    for (const [name, text] of Object.entries(programs)) {
      const imports = "import { Big } from './big.js';\nimport { procxy, type Procxy } from 'procxy';\n";
      writeFileSync(
        join(folder, `${name}.ts`),
        `${imports}export const unused = [Big, procxy] as [typeof Big, unknown, Procxy<object>?];\n${text}`,
      );
    }
    plain = instantiations('plain');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(['proxied', 'created'] as const)(
    `costs the compiler little where a file uses 100 of either: %s`,
    (name) => {
      const cost = instantiations(name) - plain;
      expect(cost).toBeGreaterThan(USED);
      expect(cost).toBeLessThan(LIMIT);
    },
  );
});
