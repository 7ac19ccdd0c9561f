import { ProcessProxyServer } from 'procxy/process-proxy';
import { expect, test } from 'vitest';

test.each<[object, string]>([
  [{ timeout: 1 }, 'needs options that it knows, but got `timeout`'],
  [{ token: '' }, 'needs a `token` that is a string of 1 to 128 bytes without NUL, but got 0 bytes'],
  [{ token: 'a\0b' }, 'but got one that contains NUL'],
  [{ token: 'ä'.repeat(65) }, 'but got 130 bytes'],
  [{ token: 5 }, 'but got a value of the type number'],
  [{ validateConnection: true }, 'needs a function as `validateConnection`, but got true'],
  [{ handshakeTimeout: 0 }, 'needs `handshakeTimeout` in ms, from 1 to 2147483647, but got 0'],
  [{ reconnectTimeout: Infinity }, 'needs `reconnectTimeout` in ms, from 1 to 2147483647, but got Infinity'],
  [{ pollingInterval: '5' }, "needs `pollingInterval` in ms, from 1 to 2147483647, but got '5'"],
])('the option %j is refused', (options, message) => {
  const make = (): unknown => new ProcessProxyServer(options);
  expect(make).toThrow(expect.objectContaining({ code: 'PROCXY_OPTIONS_VALIDATION' }));
  expect(make).toThrow(message);
});

test('the error about a wrong token does not contain it', () => {
  expect(() => new ProcessProxyServer({ token: `secret${'x'.repeat(200)}` })).toThrow(/^(?!.*secret).*206 bytes/);
});
