import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModuleResolutionError, OptionsValidationError, procxy, type Procxy, type ProcxyOptions } from 'procxy';
import { Confined } from '../fixtures/confined.js';
import { childPids } from '../support/processes.js';
import { runtimeBinary } from '../support/runtimes.js';

const module = '../fixtures/confined.js';
const fixtures = new URL('../fixtures/', import.meta.url);
const file = fileURLToPath(new URL('confined.js', fixtures));
const major = Number.parseInt(process.versions.node, 10);
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const start = (options: ProcxyOptions): Promise<Procxy<Confined>> => procxy(Confined, module, options);
const denied = { code: 'ERR_ACCESS_DENIED' };
let folder: string;

beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'procxy-confined-'))));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(['ipc', 'socket'] as const)('permissions, by %s', (channel) => {
  test('paths that are not named are refused, and the rest works', async () => {
    await using confined = await start({ channel, permissions: { read: [fixtures] } });
    expect(await confined.add(1, 2)).toBe(3);
    expect(await confined.read(file)).toBe(readFileSync(file, 'utf8'));
    expect(await outcome(confined.read('/etc/hostname'))).toMatchObject(denied);
    expect(await outcome(confined.write(join(folder, 'no'), 'text'))).toMatchObject(denied);
    expect(await outcome(confined.run(process.execPath, '--version'))).toMatchObject(denied);
    expect(await outcome(confined.startWorker())).toMatchObject(denied);
    expect(await outcome(confined.connect(1))).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('paths that are named are allowed', async () => {
    const permissions = { read: true, write: [`${folder}/`], childProcess: true, worker: true } as const;
    await using confined = await start({ channel, permissions });
    await confined.write(join(folder, channel), 'text');
    expect(await confined.read(join(folder, channel))).toBe('text');
    expect((await confined.run(process.execPath, '--version')).trim()).toBe(process.version);
    expect(await confined.startWorker()).toBe('hello');
  });
});

describe('permissions', () => {
  test('a module that may not be read is named, and where to name it', async () => {
    const error = await outcome(start({ permissions: {} }));
    expect(error).toBeInstanceOf(ModuleResolutionError);
    expect((error as Error).message).toContain(`Name ${file}, or its directory, in \`permissions.read\``);
    expect(error).toMatchObject({ cause: denied });
  });

  test('a link that is named stands for what it leads to', async () => {
    const link = join(folder, 'link.js');
    symlinkSync(file, link);
    await using confined = await procxy(Confined, link, { permissions: { read: [link] } });
    expect(await confined.add(1, 2)).toBe(3);
    expect(await outcome(confined.read('/etc/hostname'))).toMatchObject(denied);
  });

  test('the network is refused if this Node supports that. Otherwise, the option is refused', async () => {
    const starting = start({ permissions: { read: [fixtures], network: false } });
    if (major < 25) {
      expect(await outcome(starting)).toMatchObject({ name: 'OptionsValidationError' });
      return;
    }
    await using confined = await starting;
    expect(await outcome(confined.connect(1))).toMatchObject(denied);
  });

  test('Deno also refuses paths, programs and the network', async () => {
    const execPath = await runtimeBinary('deno');
    const path = join(folder, 'ab');
    writeFileSync(path, 'text');
    await using confined = await start({ execPath, permissions: { read: [fixtures, path], network: false } });
    expect(await confined.read(path)).toBe('text');
    for (const refused of [confined.read('/etc/hostname'), confined.write(path, ''), confined.connect(1)]) {
      expect(await outcome(refused)).toMatchObject({ name: 'NotCapable' });
    }
    expect(await outcome(confined.run('echo', 'hello'))).toBeInstanceOf(Error);
    const divided = start({ execPath, permissions: { read: ['/a,b'] } });
    expect(await outcome(divided)).toMatchObject({ name: 'OptionsValidationError' });
  }, 240_000);

  test('Bun and custom agents have no permissions', async () => {
    for (const options of [{ execPath: 'bun' }, { agent: module, execPath: 'python3' }]) {
      const refused = procxy(Confined, { ...options, permissions: {} });
      expect(await outcome(refused)).toBeInstanceOf(OptionsValidationError);
    }
  });

  test('the version of another Node is queried, and the error names a program without one', async () => {
    const error = await outcome(start({ execPath: '/bin/true', permissions: {} }));
    expect(error).toBeInstanceOf(OptionsValidationError);
    expect((error as Error).message).toContain('/bin/true');
  });
});

describe('resourceLimits', () => {
  test('a child whose heap is full ends, and the error says why', async () => {
    const resourceLimits = { maxOldGenerationSizeMb: 20, maxYoungGenerationSizeMb: 6 };
    await using confined = await start({ stdio: 'ignore', resourceLimits });
    expect(await confined.flags()).toEqual(
      expect.arrayContaining(['--max-old-space-size=20', '--max-semi-space-size=2']),
    );
    const error = await outcome(confined.fill());
    expect(error).toMatchObject({
      name: 'ChildCrashedError',
      ...(process.platform === 'win32' ? { exitCode: 134 } : { signal: 'SIGABRT' }),
    });
    expect((error as Error).message).toContain('`resourceLimits`');
  });

  test('Bun has none, so that the option is refused', async () => {
    const refused = start({ execPath: 'bun', resourceLimits: { maxOldGenerationSizeMb: 20 } });
    expect(await outcome(refused)).toBeInstanceOf(OptionsValidationError);
  });
});

test('inheritEnv: false: the environment is only `env`', async () => {
  await using confined = await start({ inheritEnv: false, env: { ONLY: 'this', NOT: undefined } });
  const environment = await confined.environment();
  // Node sets them for its channel.
  expect(Object.keys(environment).filter((name) => !name.startsWith('NODE_'))).toEqual(['ONLY']);
  await using other = await start({ inheritEnv: false });
  expect(await other.environment()).not.toHaveProperty('PATH');
});

test('a child that was started ahead is taken only where it has the same limits', async () => {
  const permissions = { read: [fixtures] };
  await procxy.warm(1, { permissions });
  try {
    const ahead = childPids();
    await using free = await start({});
    expect(ahead).not.toContain(free.$process.pid);
    await using limited = await start({ permissions, resourceLimits: { maxOldGenerationSizeMb: 100 } });
    expect(ahead).not.toContain(limited.$process.pid);
    await using taken = await start({ permissions: { read: [new URL(fixtures)] } });
    expect(ahead).toContain(taken.$process.pid);
  } finally {
    await procxy.warm(0, { permissions });
  }
});

test.each([
  [{ permissions: true }, '`permissions` must be an object, but got true'],
  [{ permissions: { read: ['./data'] } }, 'absolute paths and file: URLs'],
  [{ permissions: { read: '/data' } }, 'an array of absolute paths'],
  [{ permissions: { write: ['/data/*'] } }, 'without an asterisk'],
  [{ permissions: { read: ['file://host/share'] } }, 'absolute paths and file: URLs'],
  [{ permissions: { addons: 1 } }, '`permissions.addons` must be true or false, but got 1'],
  [{ permissions: { reed: [] } }, 'There is no option `permissions.reed`; did you mean `permissions.read`?'],
  [{ resourceLimits: { maxOldGenerationSizeMb: 1.5 } }, 'a whole number of MiB, 1 or more, but got 1.5'],
  [{ resourceLimits: { stackSizeMb: 4 } }, 'There is no option `resourceLimits.stackSizeMb`'],
  [{ inheritEnv: 'no' }, '`inheritEnv` must be true or false'],
])('%j is refused before anything is started', async (options, message) => {
  const error = await outcome(start(options as ProcxyOptions));
  expect(error).toBeInstanceOf(OptionsValidationError);
  expect((error as Error).message).toContain(message);
});
