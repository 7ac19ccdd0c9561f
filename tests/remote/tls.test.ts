import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificates } from '../../examples/cluster/certificates.js';
import { HostError, procxy } from '../../dist/index.js';
import { connect, serve } from '../../dist/remote.js';
import { Ledger } from '../fixtures/remote/ledger.js';
import { hasNats } from '../support/nats.js';
import { SecureNats } from '../support/secure-nats.js';

const module = new URL('../fixtures/remote/ledger.ts', import.meta.url);
const options = { execArgv: ['--import', import.meta.resolve('tsx')] };
const classes = { Ledger: { module, options } };

describe.runIf(hasNats)('over TLS', () => {
  let nats: SecureNats;
  let mutual: SecureNats;
  /** Certificates of another authority, with the same names. */
  const foreign = mkdtempSync(join(tmpdir(), 'procxy-foreign-'));

  beforeAll(async () => {
    makeCertificates(foreign, ['web']);
    nats = await SecureNats.start('nats.conf');
    mutual = await SecureNats.start('nats-certificates.conf');
  });
  afterAll(async () => {
    await nats.kill();
    await mutual.kill();
    rmSync(foreign, { recursive: true });
  });

  const failuresOf = async (network: { servers: string; nats: object }): Promise<string[]> => {
    const attempts = [
      connect({ ...network, namespace: 'shop', client: 'web' }),
      serve({ ...network, namespace: 'shop', classes }),
    ];
    const errors = await Promise.all(attempts.map((attempt) => attempt.then(String, (error: unknown) => error)));
    for (const error of errors) expect(error).toBeInstanceOf(HostError);
    return errors.map(String);
  };

  test.each([
    ['no authority', (): object => ({ tls: {} })],
    ['another authority', (): object => ({ tls: { caFile: join(foreign, 'authority.pem') } })],
  ])('connect() and serve() that know %s do not trust the server', async (_what, login) => {
    const errors = await failuresOf({ servers: nats.servers, nats: { ...nats.login('web'), ...login() } });
    for (const [index, call] of ['connect', 'serve'].entries()) {
      expect(errors[index]).toContain(`${call}() does not trust the certificate of NATS at ${nats.servers}`);
      expect(errors[index]).toContain('{ tls: { caFile } }');
    }
  });

  test.each([
    ['a wrong password', { pass: 'wrong' }],
    ['no password', { pass: undefined }],
    ['no user', { user: undefined, pass: undefined }],
    ['an unknown user', { user: 'nobody' }],
  ])('connect() and serve() with %s are refused', async (_what, wrong) => {
    const errors = await failuresOf({ servers: nats.servers, nats: { ...nats.login('web'), ...wrong } });
    for (const [index, call] of ['connect', 'serve'].entries()) {
      expect(errors[index]).toContain(`${call}() was refused by NATS at ${nats.servers}: Authorization Violation.`);
      expect(errors[index]).toContain('Check the credentials in `nats`');
      expect(errors[index]).not.toContain(nats.login('web').pass);
    }
  });

  test('certificates stand for users and passwords, where the server asks for them', async () => {
    const network = (role: 'host' | 'web'): object => ({ servers: mutual.servers, nats: mutual.certificate(role) });
    await using _host = await serve({ ...network('host'), namespace: 'shop', classes, log: () => {} });
    await using cluster = await connect({ ...network('web'), namespace: 'shop', client: 'web' });
    await using ledger = await procxy(Ledger, { host: cluster });
    expect(await ledger.note(1)).toBe(1);
    await expect(connect({ ...network('web'), namespace: 'shop', client: 'other' })).rejects.toThrow(
      'NATS does not let this user subscribe to procxy.shop.c.other.',
    );
  });

  test.each([
    ['no certificate', (): object => ({})],
    [
      'a certificate of another authority',
      (): object => ({ certFile: join(foreign, 'web.pem'), keyFile: join(foreign, 'web.key') }),
    ],
  ])('connect() and serve() with %s are refused', async (_what, shown) => {
    const { caFile } = mutual.login('web').tls;
    for (const error of await failuresOf({ servers: mutual.servers, nats: { tls: { caFile, ...shown() } } })) {
      expect(error).toContain('certificate');
      expect(error).toContain('`nats`');
    }
  });
});
