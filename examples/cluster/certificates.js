import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/**
 * Makes a private certificate authority, and a certificate for each name, by openssl. They are valid for a day, on this machine.
 *
 * @param {string} folder gets `authority.pem`, and NAME.pem with NAME.key for each name
 * @param {string[]} names
 */
export function makeCertificates(folder, names) {
  const file = (/** @type {string} */ name) => join(folder, name);
  const authority = ['-keyout', file('authority.key'), '-out', file('authority.pem')];
  openssl('req', '-x509', ...KEY, '-days', '1', '-subj', '/CN=cluster authority', ...authority);
  const extensions = file('extensions');
  writeFileSync(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  for (const name of names) {
    const [request, key, certificate] = [file(`${name}.csr`), file(`${name}.key`), file(`${name}.pem`)];
    openssl('req', ...KEY, '-subj', `/CN=${name}`, '-keyout', key, '-out', request);
    const signer = ['-CA', file('authority.pem'), '-CAkey', file('authority.key'), '-CAcreateserial'];
    openssl('x509', '-req', '-in', request, ...signer, '-days', '1', '-extfile', extensions, '-out', certificate);
  }
}

/** @param {string[]} args */
function openssl(...args) {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
