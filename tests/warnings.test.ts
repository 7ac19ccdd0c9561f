import { expect, test } from 'vitest';
import { warn } from '../src/warnings.js';

test('a flood of warnings is cut, and says so; those of another code are shown', async () => {
  const heard: (Error & { code?: string })[] = [];
  const record = (warning: Error): unknown => heard.push(warning);
  // Node's own would print them.
  const others = process.listeners('warning');
  process.removeAllListeners('warning').on('warning', record);
  for (let n = 0; n < 500; n++) warn('PROCXY_CALLBACK_FAILED', `No. ${n}.`);
  warn('PROCXY_EVENT_FAILED', 'Another.');
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', record);
  for (const listener of others) process.on('warning', listener);
  expect(heard).toHaveLength(101);
  expect(heard[0]).toMatchObject({ name: 'ProcxyWarning', code: 'PROCXY_CALLBACK_FAILED', message: 'No. 0.' });
  expect(heard[98]?.message).toBe('No. 98.');
  expect(heard[99]?.message).toBe('No. 99. Further warnings with this code are not shown for up to 1 s.');
  expect(heard[100]).toMatchObject({ code: 'PROCXY_EVENT_FAILED', message: 'Another.' });
});
