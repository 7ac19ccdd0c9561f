/**
 * A git hook in JavaScript, in a process that is already running: git starts the executable, and this program reads the commit
 * message, answers on the terminal of whoever commits, and decides whether the commit is made.
 *
 *     node examples/commit-message/main.js
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { getExecutablePath, ProcessProxyServer } from 'procxy/process-proxy';
import { complaintsAbout } from './rules.js';

const server = new ProcessProxyServer();
server.on('connection', async (hook) => {
  const [, file] = await hook.getArgs();
  const message = await readFile(resolve(await hook.getCwd(), file), 'utf8');
  const complaints = complaintsAbout(message);
  for (const complaint of complaints) hook.stderr.write(`commit-msg: ${complaint}\n`);
  await hook.exit(complaints.length > 0 ? 1 : 0);
});
await server.start();

const repository = await mkdtemp(join(tmpdir(), 'commit-message-'));
const git = async (...args) => {
  const env = { ...process.env, ...server.env, GIT_CONFIG_GLOBAL: '/dev/null' };
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  return promisify(execFile)('git', [...identity, ...args], { cwd: repository, env });
};
await git('init', '--quiet', '--template=');
await git('config', 'core.hooksPath', '.git/hooks');
await promisify(execFile)('mkdir', ['-p', join(repository, '.git/hooks')]);
await copyFile(getExecutablePath(), join(repository, '.git/hooks/commit-msg'));

for (const message of ['fixed it', 'Add a parser of dates.', 'Add a parser of dates\n\nTime zones come later.']) {
  try {
    await git('commit', '--quiet', '--allow-empty', '-m', message);
    console.log(`made:    ${JSON.stringify(message)}`);
  } catch (error) {
    console.log(`refused: ${JSON.stringify(message)}\n${error.stderr.trim()}`);
  }
}
console.log(`log:     ${(await git('log', '--format=%s')).stdout.trim()}`);

await server.stop();
await rm(repository, { recursive: true });
