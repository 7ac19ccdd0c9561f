import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isRunning, until } from '../support/processes.js';
import { firstLine, outcomeOf, runScript, startScript } from '../support/scripts.js';

interface Process {
  pid: number;
  parent: number;
  group: number;
  state: string;
  command: string;
}

function processes(): Process[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,args='], { encoding: 'utf8' });
  return table
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, pid, parent, group, state = '', command = '']) => ({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      state,
      command,
    }));
}

const reapersOf = (parent: number | undefined): Process[] =>
  processes().filter((each) => each.parent === parent && each.command.includes('# procxy-reaper'));

const busyScript = (timeout: number): string => `
  const mortal = await procxy(Mortal, mortalUrl, { terminateTimeout: ${timeout}, stdio: 'ignore' });
  console.log(await mortal.pid());
  process.once('SIGUSR2', () => { mortal.busyForever().catch(() => {}); console.log('busy'); });
  setInterval(() => {}, 1000);
`;

describe('the reaper', () => {
  test('is replaced when it dies, so that a busy child does not outlive its parent', async () => {
    const script = startScript(busyScript(300));
    const pid = Number(await firstLine(script));
    const [first] = reapersOf(script.pid);
    expect(first?.command).toMatch(/^\/bin\/sh -c # procxy-reaper/);
    process.kill(first?.pid ?? 0, 'SIGKILL');
    await until(() => reapersOf(script.pid).some((each) => each.pid !== first?.pid), 'another one');
    const busy = firstLine(script);
    script.kill('SIGUSR2');
    await busy;
    const ended = outcomeOf(script);
    script.kill('SIGKILL');
    await ended;
    await until(() => !isRunning(pid), 'the child was killed', 15_000);
  });

  test('ends with the last child, however long that might have lived', async () => {
    const script = startScript(busyScript(100_000));
    const pid = Number(await firstLine(script));
    const [reaper] = reapersOf(script.pid);
    const ended = outcomeOf(script);
    script.kill('SIGKILL');
    await ended;
    await until(() => !isRunning(pid), 'the child ended by itself');
    await until(() => !isRunning(reaper?.pid ?? 0), 'its reaper ended');
    expect(processes().filter(({ group, state }) => group === reaper?.pid && !state.startsWith('Z'))).toEqual([]);
  });

  test('that cannot be started does not fail a start, and leaves no child behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'procxy-reaper-'));
    const preload = join(folder, 'no-shell.cjs');
    writeFileSync(
      preload,
      `const child = require('node:child_process');
       const { spawn } = child;
       child.spawn = (file, ...rest) => {
         if (file === '/bin/sh') throw Object.assign(new Error('spawn EAGAIN'), { code: 'EAGAIN' });
         return spawn(file, ...rest);
       };
       require('node:module').syncBuiltinESMExports();`,
    );
    const { stdout, stderr, code } = await runScript(
      `const mortal = await procxy(Mortal, mortalUrl);
       console.log(await mortal.ping());
       await mortal.$terminate();`,
      { NODE_OPTIONS: `--require ${preload}` },
    );
    rmSync(folder, { recursive: true });
    expect({ stdout, stderr, code }).toEqual({ stdout: 'pong\n', stderr: '', code: 0 });
  });

  test('of a worker thread leaves no zombie', async () => {
    const { stdout, stderr } = await runScript(`
      const { Worker } = await import('node:worker_threads');
      const { execFileSync } = await import('node:child_process');
      const code = \`
        import { parentPort } from 'node:worker_threads';
        import('procxy').then(async ({ procxy }) => {
          const { Mortal } = await import(\${JSON.stringify(mortalUrl)});
          const mortal = await procxy(Mortal, \${JSON.stringify(mortalUrl)});
          await mortal.ping();
          await mortal.$terminate();
          parentPort.postMessage('done');
        });
      \`;
      for (let round = 0; round < 2; round++) {
        const worker = new Worker(code, { eval: true });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        await worker.terminate();
      }
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const table = String(execFileSync('ps', ['-A', '-o', 'ppid=,stat=,comm=']));
      console.log(JSON.stringify(table.split('\\n').filter((line) => line.trim().startsWith(process.pid + ' Z'))));
    `);
    expect({ stdout, stderr }).toEqual({ stdout: '[]\n', stderr: '' });
  });
});
