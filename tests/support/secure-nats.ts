import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCertificates } from '../../examples/cluster/certificates.js';
import { freePort, NatsServer } from './nats.js';

/** ms for an attempt to connect: a busy machine takes longer than the usual second for the keys of TLS. */
const PATIENCE = 30_000;

export type Role = 'host' | 'web' | 'operator';

/** A server with the configuration of examples/cluster, with passwords and certificates that are made for it. */
export class SecureNats {
  readonly #server: NatsServer;
  readonly #folder: string;
  readonly #passwords: Readonly<Record<Role, string>>;

  private constructor(port: number, configuration: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'procxy-nats-'));
    makeCertificates(this.#folder, ['server', 'host', 'web', 'operator']);
    const password = (): string => `p${randomBytes(8).toString('hex')}`;
    this.#passwords = { host: password(), web: password(), operator: password() };
    const file = fileURLToPath(new URL(`../../examples/cluster/${configuration}`, import.meta.url));
    this.#server = new NatsServer(port, ['-c', file], undefined, {
      NATS_CERTIFICATE: this.file('server.pem'),
      NATS_KEY: this.file('server.key'),
      NATS_AUTHORITY: this.file('authority.pem'),
      HOST_PASSWORD: this.#passwords.host,
      WEB_PASSWORD: this.#passwords.web,
      OPERATOR_PASSWORD: this.#passwords.operator,
    });
  }

  static async start(configuration: 'nats.conf' | 'nats-certificates.conf' = 'nats.conf'): Promise<SecureNats> {
    const nats = new SecureNats(await freePort(), configuration);
    await nats.#server.start();
    return nats;
  }

  get servers(): string {
    return `tls://127.0.0.1:${this.#server.port}`;
  }

  file(name: string): string {
    return join(this.#folder, name);
  }

  /** Options of the client of NATS: who it is, and which authority it trusts. */
  login(role: Role): { user: string; pass: string; timeout: number; tls: { caFile: string } } {
    return { user: role, pass: this.#passwords[role], timeout: PATIENCE, tls: { caFile: this.file('authority.pem') } };
  }

  /** Options with a certificate instead of a password. */
  certificate(role: Role): { timeout: number; tls: { caFile: string; certFile: string; keyFile: string } } {
    const [certFile, keyFile] = [this.file(`${role}.pem`), this.file(`${role}.key`)];
    return { timeout: PATIENCE, tls: { caFile: this.file('authority.pem'), certFile, keyFile } };
  }

  async kill(): Promise<void> {
    await this.#server.kill();
    rmSync(this.#folder, { recursive: true });
  }
}
