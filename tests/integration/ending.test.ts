import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { procxy } from 'procxy';
import { Disposable, SynchronouslyDisposable } from '../fixtures/disposable.js';
import { Mortal } from '../fixtures/mortal.js';
import { childPids, isRunning, kill, until } from '../support/processes.js';
import { onTold, tell, firstLine, outcomeOf, runScript, startScript } from '../support/scripts.js';

const mortalModule = '../fixtures/mortal.js';
const disposableModule = '../fixtures/disposable.js';

describe('ending is clean', () => {
  let folder: string;
  let log: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'procxy-'));
    log = join(folder, 'log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const events = (): string[] => readFileSync(log, 'utf8').trim().split('\n');

  describe('$terminate()', () => {
    test('resolves when the process is gone', async () => {
      const mortal = await procxy(Mortal, mortalModule);
      const pid = await mortal.pid();
      await mortal.$terminate();
      expect(isRunning(pid)).toBe(false);
      expect(await mortal.$exited).toEqual({ code: 0, signal: null });
    });

    test('is idempotent, immediately and later, and after a crash', async () => {
      const mortal = await procxy(Mortal, mortalModule);
      await Promise.all([mortal.$terminate(), mortal.$terminate()]);
      await mortal.$terminate();
      const crashed = await procxy(Mortal, mortalModule);
      kill(crashed);
      await crashed.$exited;
      await crashed.$terminate();
    });

    test('waits for the asynchronous dispose hook', async () => {
      const disposable = await procxy(Disposable, disposableModule, {}, log, { disposeMs: 200 });
      await disposable.$terminate();
      expect(events()).toEqual(['constructed', 'disposing', 'disposed']);
    });

    test('runs the synchronous dispose hook', async () => {
      const disposable = await procxy(SynchronouslyDisposable, disposableModule, {}, log);
      await disposable.$terminate();
      expect(events()).toEqual(['disposed']);
    });

    test('kills a child whose hook takes too long', async () => {
      const options = { terminateTimeout: 2500 };
      const disposable = await procxy(Disposable, disposableModule, options, log, { disposeMs: 60_000 });
      await disposable.$terminate();
      expect(events()).toEqual(['constructed', 'disposing']);
      expect(await disposable.$exited).toEqual({ code: null, signal: 'SIGKILL' });
    });

    test('kills a child that ignores SIGTERM', async () => {
      const options = { terminateTimeout: 2500 };
      const disposable = await procxy(Disposable, disposableModule, options, log, { stubborn: true });
      await disposable.$terminate();
      expect(events()).toEqual(['constructed', 'disposing', 'disposed', 'SIGTERM ignored']);
      expect(await disposable.$exited).toEqual({ code: null, signal: 'SIGKILL' });
    });

    test('kills a child in a busy loop, and one that is stopped', async () => {
      const busy = await procxy(Disposable, disposableModule, { terminateTimeout: 200 }, log);
      busy.busyForever().catch(() => {});
      await until(() => events().includes('busy'), 'the loop started');
      await busy.$terminate();
      expect(await busy.$exited).toEqual({ code: null, signal: 'SIGKILL' });

      const stopped = await procxy(Mortal, mortalModule, { terminateTimeout: 200 });
      kill(stopped, 'SIGSTOP');
      await stopped.$terminate();
      expect(await stopped.$exited).toEqual({ code: null, signal: 'SIGKILL' });
    });

    test('warns when the hook fails, and ends the child anyway', async () => {
      const { stderr, code } = await runScript(`
        const disposable = await procxy(Disposable, disposableUrl, {}, ${JSON.stringify(log)}, { fail: true });
        await disposable.$terminate();
      `);
      expect(code).toBe(0);
      expect(stderr).toContain('[PROCXY_DISPOSE_FAILED]');
      expect(stderr).toContain('could not clean up');
    });
  });

  test('ends a child whose hook throws a value that cannot be converted to a string', async () => {
    const disposable = await procxy(Disposable, disposableModule, {}, log, { fail: 'unshowable' });
    await disposable.$terminate();
    expect(await disposable.$exited).toEqual({ code: 0, signal: null });
  });

  test('await using and using terminate', async () => {
    let exited;
    {
      await using mortal = await procxy(Mortal, mortalModule);
      exited = mortal.$exited;
    }
    expect(await exited).toEqual({ code: 0, signal: null });
    {
      using mortal = await procxy(Mortal, mortalModule);
      exited = mortal.$exited;
    }
    expect(await exited).toEqual({ code: 0, signal: null });
  });

  test('an AbortSignal terminates, during the start and later, and is not listened to afterwards', async () => {
    const during = new AbortController();
    const starting = procxy(Mortal, mortalModule, { signal: during.signal });
    setTimeout(() => during.abort(new Error('too late')), 10);
    await expect(starting).rejects.toThrow('too late');
    const children = childPids();
    await expect(procxy(Mortal, mortalModule, { signal: during.signal })).rejects.toThrow('too late');
    expect(childPids()).toEqual(children);

    const later = new AbortController();
    const mortal = await procxy(Mortal, mortalModule, { signal: later.signal });
    expect(getEventListeners(later.signal, 'abort')).toHaveLength(1);
    later.abort();
    await mortal.$exited;
    expect(getEventListeners(later.signal, 'abort')).toHaveLength(0);
  });

  describe('a parent that ends', () => {
    test('by itself without $terminate() ends its child too', async () => {
      const { code, stdout, stderr } = await runScript(`
        const mortal = await procxy(Mortal, mortalUrl);
        console.log(await mortal.pid());
      `);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      await until(() => !isRunning(Number(stdout)), 'the child ended');
    });

    test('is kept alive by a pending call', async () => {
      const { stdout } = await runScript(`
        const mortal = await procxy(Mortal, mortalUrl, { stdio: 'pipe' });
        mortal.sleep(500).then((ms) => console.log('slept', ms));
      `);
      expect(stdout).toBe('slept 500\n');
    });

    test('is kept alive by $terminate()', async () => {
      const { stdout } = await runScript(`
        const disposable = await procxy(Disposable, disposableUrl, {}, ${JSON.stringify(log)}, { disposeMs: 300 });
        disposable.$terminate().then(() => console.log('terminated'));
      `);
      expect(stdout).toBe('terminated\n');
      expect(events()).toContain('disposed');
    });

    for (const [how, end] of Object.entries({
      'process.exit()': 'process.exit(0)',
      SIGKILL: "process.kill(process.pid, 'SIGKILL')",
      'an uncaught error': "throw new Error('the parent fails')",
    })) {
      test(`by ${how}: the child disposes and exits`, async () => {
        const { stdout } = await runScript(`
          const disposable = await procxy(Disposable, disposableUrl, {}, ${JSON.stringify(log)}, { disposeMs: 100 });
          process.stdout.write(String(disposable.$process.pid) + '\\n', () => { ${end} });
        `);
        await until(() => !isRunning(Number(stdout)), 'the child ended');
        expect(events()).toEqual(['constructed', 'disposing', 'disposed']);
      });

      test(`by ${how}: a child in a busy loop is killed`, async () => {
        const script = startScript(`
          const options = { terminateTimeout: 500 };
          const disposable = await procxy(Disposable, disposableUrl, options, ${JSON.stringify(log)});
          disposable.busyForever().catch(() => {});
          console.log(disposable.$process.pid);
          ${onTold(end)}
        `);
        const pid = Number(await firstLine(script));
        await until(() => events().includes('busy'), 'the loop started');
        expect(isRunning(pid)).toBe(true);
        const ended = outcomeOf(script);
        tell(script);
        await ended;
        await until(() => !isRunning(pid), 'the child was killed');
      });
    }
  });
});
