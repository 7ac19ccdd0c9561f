import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const run = promisify(execFile);

/** The fixture has a case for each. It must end by itself, or this test does not. */
const moments = [
  'a pool that starts',
  'a pool that sets up its first instances',
  'a pool in a crash loop',
  'a pool whose instance is down',
  'a pool that recycles',
  'a pool that grows',
  'a proxy in a crash loop',
  'keys that start',
  'keys that start together',
  'keys that are up',
  'keys that wait for their turn to start',
  'keys in a crash loop',
  'keys that are saved',
  'keys that are restored',
];

describe('after $terminate() or an abort, no process, timer or listener is left of', () => {
  test.each(moments)('%s', async (moment) => {
    const { stdout } = await run(process.execPath, ['tests/fixtures/terminating.js', moment]);
    expect(stdout.trim()).toBe('{"processes":[],"listeners":0,"timers":0}');
  });
});
