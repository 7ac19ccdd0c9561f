import { instrumentation } from '../instrumentation.js';
import type { LoadRequest, ModuleReference } from '../protocol.js';
import { directoriesFor } from '../parent/launch/directories.js';
import { resolveModule } from '../parent/module-resolver.js';
import { resolveOptions, type ResolvedOptions } from '../parent/options/resolve-options.js';
import type { Open } from './control.js';
import { brief } from './offers.js';
import { HostedChild, type ChildListener } from './hosted-child.js';
import type { ResolvedServe, ServedClass } from './serve-options.js';

/** The most that a client may give its dispose hook, in ms. */
const MAX_TERMINATE_TIMEOUT = 60_000;
/** The shortest interval of heartbeats, in ms. A client that asks for a shorter one gets this. */
const MIN_HEARTBEAT = 10;

/** Starts the processes of the classes of a host. What a client may not choose is chosen here. */
export class ClassProcesses {
  readonly #classes: ReadonlyMap<string, ServedClass>;
  readonly #modules: ReadonlyMap<string, ModuleReference>;

  /**
   * @param caller the URL of the file that names the modules
   * @throws {OptionsValidationError} for options of a class that cannot be
   * @throws {ModuleResolutionError} for a module that does not exist
   */
  constructor({ classes }: ResolvedServe, caller: string | undefined) {
    this.#classes = classes;
    this.#modules = new Map([...classes].map(([name, { module }]) => [name, resolveModule(module, caller)]));
    for (const [name] of classes) this.#options(name, 'json', 0, false);
  }

  /** Returns why a request is refused, if it is. */
  refusal({ class: name, request: { create } }: Open): string | undefined {
    const allowed = this.#classes.get(name)?.options?.create;
    if (create === allowed) return undefined;
    const expected = allowed === undefined ? 'its constructor' : `its static method ${allowed}`;
    return `it makes instances of ${name} by ${expected}, and the client asks for ${create === undefined ? 'the constructor' : brief(create)}`;
  }

  start({ class: name, request }: Open, listener: ChildListener): HostedChild {
    const timeout = within(request.terminateTimeout, 0, MAX_TERMINATE_TIMEOUT);
    return new HostedChild(
      this.#options(name, request.serialization, timeout, request.callbacks !== undefined),
      listener,
    );
  }

  /** Makes the request for the agent: the client's wishes, and what this host decides. */
  load({ class: name, request }: Open, { descriptors }: HostedChild): LoadRequest {
    const { exportName = name } = this.#classes.get(name) ?? {};
    const { create, serialization, callbacks, references, mirror, heartbeat, terminateTimeout, trace } = request;
    const { childModules: preload } = instrumentation;
    const options = this.#options(name, serialization, 0, false);
    const { killSignal } = options;
    const { work } = directoriesFor(options);
    return {
      protocol: 1,
      module: this.#modules.get(name) as ModuleReference,
      class: { name, exportName },
      ...(create !== undefined && { create }),
      serialization,
      supportHandles: false,
      callbacks: callbacks && {
        limit: callbacks.limit,
        ...(callbacks.timeout !== undefined && { timeout: callbacks.timeout }),
        ...(descriptors.blocking !== undefined && { syncDescriptor: descriptors.blocking }),
      },
      ...(references && { references }),
      dataDescriptor: descriptors.bytes,
      mirror: mirror ?? { names: 'own', limit: 16 * 1024 },
      ...(heartbeat !== undefined && { heartbeat: within(heartbeat, MIN_HEARTBEAT, MAX_TERMINATE_TIMEOUT) }),
      terminateTimeout: within(terminateTimeout, 0, MAX_TERMINATE_TIMEOUT),
      ...(killSignal !== 'SIGTERM' && { killSignal }),
      ...(work !== undefined && { cwd: work }),
      ...(trace && { trace }),
      // The modules that the host names, for its children. A client's are not loaded.
      ...(preload && { preload }),
    };
  }

  #options(
    name: string,
    serialization: ResolvedOptions['serialization'],
    terminateTimeout: number,
    enableCallbacks: boolean,
  ): ResolvedOptions {
    const { inheritEnv = false, create: _create, ...given } = this.#classes.get(name)?.options ?? {};
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const own = { inheritEnv, serialization, terminateTimeout, enableCallbacks, channel: 'socket', stdio: [...stdio] };
    return resolveOptions({ ...given, ...own }, undefined);
  }
}

/** A number of the client, brought within limits. Anything else counts as the most. */
function within(value: unknown, least: number, most: number): number {
  return typeof value === 'number' && value < most ? Math.max(least, value) : most;
}
