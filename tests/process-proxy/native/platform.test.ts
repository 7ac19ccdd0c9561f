import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { getExecutablePath } from 'procxy/process-proxy';
import { expect, test } from 'vitest';
import { serve } from '../../support/process-proxy.js';

interface Run {
  stdout: string;
  stderr: string;
  code: number | null;
}

/** Runs a command whose last program is the executable, with "input" as its stdin. */
async function run(env: NodeJS.ProcessEnv, command: string, ...args: string[]): Promise<Run> {
  const child = spawn(command, args, { env: { ...process.env, ...env } });
  child.stdin.on('error', () => {}).end('input');
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => void child.once('close', resolve)),
  ]);
  return { stdout, stderr, code };
}

/** A shell command with its redirections or limits, before it becomes the executable. */
const shell = (prepare: string): [string, ...string[]] => [
  '/bin/sh',
  '-c',
  `${prepare}; exec "$0"`,
  getExecutablePath(),
];

/** Serves one executable: copies its stdin to its stdout, and lets it exit with the code 12. */
async function serveCopies(): ReturnType<typeof serve> {
  const server = await serve();
  server.on('connection', async (connection) => {
    for await (const chunk of connection.stdin) connection.stdout.write(chunk);
    await connection.exit(12);
  });
  return server;
}

const isRoot = process.getuid?.() === 0;
const served = { stdout: 'input', stderr: '', code: 12 };

test('the executable works with a soft limit of three descriptors', async () => {
  await using server = await serveCopies();
  expect(await run(server.env, ...shell('ulimit -Sn 3'))).toEqual(served);
});

test('with a hard limit of three descriptors, the executable says that it needs one more', async () => {
  await using server = await serveCopies();
  // Root has the right to raise it, and loses it here.
  const drop = isRoot ? ['setpriv', '--bounding-set=-sys_resource', '--inh-caps=-sys_resource', '--'] : ['env'];
  const { code, stderr } = await run(server.env, drop[0] ?? '', ...drop.slice(1), ...shell('ulimit -n 3'));
  expect({ code, stderr }).toEqual({ code: 1, stderr: tooMany(server.getPort()) });
});

const tooMany = (port: number): string =>
  `process-proxy: cannot connect to 127.0.0.1:${port}: too many open files; ulimit -n must be 4 or more. ` +
  'Is the server of PROCESS_PROXY_PORT running?\n';

test.each([
  ['stdin', '<&-', { stdout: '', stderr: '', code: 12 }],
  ['stdout', '>&-', { stdout: '', stderr: '', code: 12 }],
  ['stderr', '2>&-', { stdout: 'input', stderr: '', code: 12 }],
  ['stdin and a descriptor for nothing else', '<&-; ulimit -n 3', { stdout: '', stderr: '', code: 12 }],
  ['all three', '<&- >&- 2>&-', { stdout: '', stderr: '', code: 12 }],
])('it works when %s was closed before its start', async (_what, redirection, expected) => {
  await using server = await serveCopies();
  server.on('connection', (connection) => connection.on('error', () => {}));
  expect(await run(server.env, ...shell(`exec ${redirection}`))).toEqual(expected);
});

// chroot() is a right of root, or of a user in a namespace of their own.
const enter = [['chroot'], ['unshare', '-r', 'chroot']].find(
  ([command = '', ...args]) => spawnSync(command, [...args, '/', '/bin/true']).status === 0,
);

test.runIf(process.platform === 'linux' && enter)('it works where there is no /dev', async () => {
  await using server = await serveCopies();
  const root = mkdtempSync(join(tmpdir(), 'procxy-root-'));
  copyFileSync(getExecutablePath(), join(root, 'process-proxy'));
  const [command = '', ...args] = enter ?? [];
  expect(await run(server.env, command, ...args, root, '/process-proxy')).toEqual(served);
});
