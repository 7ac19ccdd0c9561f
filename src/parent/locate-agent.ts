import { OptionsValidationError } from '../errors.js';
import { show } from '../options/show.js';
import { resolveAgent } from './module-resolver.js';
import type { ResolvedOptions } from './options/resolve-options.js';

/**
 * Replaces the paths of agents in the options, which are relative to the calling file, by absolute ones.
 * @param caller the URL of the calling file
 * @throws {OptionsValidationError} if `agentPath` is not a file
 * @throws {ModuleResolutionError} if `agent` is not a file
 */
export function locateAgent(options: ResolvedOptions, caller: string | undefined): void {
  const { agent, agentPath, inProcess } = options;
  if (inProcess) return;
  if (agent !== undefined) options.agent = resolveAgent(agent, caller);
  if (agentPath === undefined) return;
  try {
    options.agentPath = resolveAgent(agentPath, caller);
  } catch (cause) {
    throw new OptionsValidationError(
      `The option \`agentPath\` must be the path of a file, but got ${show(String(agentPath))}, which is not one. Copy ` +
        "node_modules/procxy/dist/agent.cjs there, and begin a path that is relative to the calling file with './'.",
      { cause },
    );
  }
}
