import { OptionsValidationError } from '../../errors.js';
import { containmentOptions } from '../../options/containment.js';
import { processOptions } from '../../options/process.js';

/** Options of the process that a client may choose all the same. */
const clients = new Set(['startTimeout', 'terminateTimeout', 'heartbeat']);

/** Options that the host of an instance decides, by name. */
const hosts = new Set([
  ...[...Object.keys(processOptions), ...Object.keys(containmentOptions)].filter((name) => !clients.has(name)),
  'modulePath',
  'exportName',
  'agent',
  'agentPath',
]);

/**
 * Refuses what cannot be combined with the option `host`.
 * @throws {OptionsValidationError}
 */
export function refuseHostsOwn(given: object): void {
  for (const [name, value] of Object.entries(given) as [string, unknown][]) {
    if (value === undefined || value === false) continue;
    if (hosts.has(name)) {
      throw new OptionsValidationError(
        `The option \`${name}\` cannot be combined with \`host\`: the host decides it, in the \`classes\` of serve(). Leave it out.`,
      );
    }
    if (name === 'supportHandles') {
      throw new OptionsValidationError(
        'The option `supportHandles` cannot be combined with `host`: handles do not leave their machine. Leave it out.',
      );
    }
    if (name === 'inProcess') {
      throw new OptionsValidationError('The options `inProcess` and `host` exclude each other. Leave one out.');
    }
  }
}
