import { describeReason } from '../errors.js';
import { HostError } from '../host-errors.js';

/** What a server of NATS does not allow its user. */
export interface Refusal {
  readonly operation: 'publish' | 'subscription';
  readonly subject: string;
}

/** Reads what a server has refused, if `error` is about that. */
export function refusalOf(error: unknown): Refusal | undefined {
  const { name, operation, subject } = (error ?? {}) as Partial<Record<'name' | 'operation' | 'subject', unknown>>;
  if (name !== 'PermissionViolationError' || typeof subject !== 'string') return undefined;
  return { operation: operation === 'publish' ? 'publish' : 'subscription', subject };
}

/**
 * Makes the error for a subject that is not allowed.
 * @param caller how messages name the function that was called
 */
export function permissionError(caller: string, refusal: Refusal): HostError {
  const who =
    caller === 'serve'
      ? 'A host needs the permissions of a host.'
      : '`client` must be the id that these permissions name.';
  return new HostError(
    `${caller}(): ${describeRefusal(refusal)} Check the permissions of the user that \`nats\` names. ${who}`,
  );
}

export function describeRefusal({ operation, subject }: Refusal): string {
  return `NATS does not let this user ${operation === 'publish' ? 'publish on' : 'subscribe to'} ${subject}.`;
}

/** Makes the error for servers that cannot be reached, or refuse the connection. */
export function connectError(caller: string, servers: string, cause: unknown): HostError {
  const reason = withoutCredentials(describeReason(cause)).replace(/\.$/, '');
  const where = `NATS at ${withoutCredentials(servers)}`;
  return new HostError(`${caller}() ${explain(where, reason, cause)}`, { cause });
}

function explain(where: string, reason: string, cause: unknown): string {
  const { name, code = '' } = cause as { name?: unknown; code?: unknown };
  if (name === 'AuthorizationError') {
    return `was refused by ${where}: ${reason}. Check the credentials in \`nats\`: a user and its password, a token, or a certificate.`;
  }
  if (certificateCodes.test(String(code))) {
    return `does not trust the certificate of ${where}: ${reason}. Name the file of its certificate authority in \`nats\`: { tls: { caFile } }.`;
  }
  if (name === 'TimeoutError') {
    return `got no answer of ${where}: ${reason}. Check \`servers\`. A server that asks for a certificate does not answer without a valid one: check \`nats\`.`;
  }
  return `could not connect to ${where}: ${reason}. Check \`servers\`, and \`nats\` for its credentials.`;
}

/** The codes of OpenSSL and Node for a certificate that is not accepted. */
const certificateCodes = /CERT|UNABLE_TO_VERIFY|SELF_SIGNED/;

/** Hides the user and the password, or the token, of each address. */
function withoutCredentials(addresses: string): string {
  return addresses.replaceAll(/[^\s,/]*@/g, '***@');
}
