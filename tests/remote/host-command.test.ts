import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classFrom, procxy } from '../../dist/index.js';
import { connect } from '../../dist/remote.js';
import { freePort, hasNats, startNats, type NatsServer } from '../support/nats.js';

const command = fileURLToPath(new URL('../../dist/procxy-host.js', import.meta.url));

declare class Greeter {
  greet(name: string): string;
}

describe.runIf(hasNats)('procxy-host', () => {
  let nats: NatsServer;
  const folder = mkdtempSync(join(tmpdir(), 'procxy-host-'));
  const write = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const run = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });

  beforeAll(async () => {
    nats = await startNats();
    write('greeter.mjs', 'export class Greeter { greet(name) { return `hello ${name}`; } }');
  });
  afterAll(async () => {
    await nats.kill();
    rmSync(folder, { recursive: true });
  });

  test('serves the classes of its file, tells its health, and drains on SIGTERM', async () => {
    const config = write(
      'host.config.mjs',
      "export default { namespace: 'command', classes: { Greeter: { module: './greeter.mjs' } } };",
    );
    const port = await freePort();
    const host = run(config, '--servers', nats.url, '--health', String(port), '--drain', '1');
    const status = (path: string): Promise<number> =>
      fetch(`http://127.0.0.1:${port}${path}`).then(
        (response) => response.status,
        () => 0,
      );
    await expect.poll(() => status('/ready'), { timeout: 30_000 }).toBe(200);
    expect([await status('/live'), await status('/other')]).toEqual([200, 404]);
    await using cluster = await connect({ servers: nats.url, namespace: 'command' });
    const greeter = await procxy(classFrom<typeof Greeter>('./greeter.js', 'Greeter'), { host: cluster });
    expect(await greeter.greet('you')).toBe('hello you');
    const exited = once(host, 'exit');
    host.kill('SIGTERM');
    await expect.poll(() => status('/ready')).toBe(503);
    expect(await status('/live')).toBe(200);
    expect(await exited).toEqual([0, null]);
    await expect(greeter.greet('me')).rejects.toThrow('its host was closed');
  });

  test.each([
    [[], 'one CONFIG is needed'],
    [['a', 'b'], 'one CONFIG is needed'],
    [['a', '--health', 'x'], "--health must be a number, but got 'x'"],
    [['missing.mjs'], 'Cannot find module'],
  ])('given %j, says what is wrong', async (args, message) => {
    const host = run(...args);
    const printed = host.stderr ? await text(host.stderr) : '';
    expect(printed).toContain(message);
    expect(printed).toMatch(/^procxy-host: /);
  });

  test('says so when the port of its health is taken', async () => {
    const config = write(
      'taken.config.mjs',
      "export default { namespace: 'taken', classes: { Greeter: { module: './greeter.mjs' } } };",
    );
    const host = run(config, '--servers', nats.url, '--health', String(nats.port));
    const printed = host.stderr ? await text(host.stderr) : '';
    expect(printed).toContain(`procxy-host: --health cannot listen on the port ${nats.port}`);
  });
});
