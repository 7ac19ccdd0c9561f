/**
 * The program that runs in every child: it connects, loads the class, and serves its instance.
 * `procxy()` starts it; nobody else should.
 */
import { nodeIpcChannel, type IpcPort } from '../channel/node-ipc.js';
import { createCodec } from '../codec/create-codec.js';
import type { Self } from '../codec/transfer-handlers.js';
import { ProtocolError } from '../errors.js';
import { withLoadingMark } from '../loading-mark.js';
import type { InstanceDescription, ProtocolVersion, LoadRequest } from '../protocol.js';
import { Session } from '../session/session.js';
import type { SideStats } from '../types/stats.js';
import { findClass, type Class } from './find-class.js';
import { Instance } from './instance.js';
import { loadModule } from './load-module.js';

const PROTOCOL: ProtocolVersion = 1;

const self: Self = { current: undefined };
let loading: Promise<Class> | undefined;
let instance: Instance | undefined;
let terminateTimeout = 0;

const channel = nodeIpcChannel(process as unknown as IpcPort);
const session = new Session({
  channel,
  codec: createCodec({ mode: 'json', self, ownFile: __filename }),
  run(target, method, args) {
    if (target === 'agent') return runAgentMethod(method, args);
    return started().call(method, args);
  },
  onViolation(error) {
    throw error;
  },
});
channel.onClose(endAlone);
process.on('uncaughtExceptionMonitor', (error) => {
  // With a handler of the user's own the process goes on: these are no last words then.
  if (process.listenerCount('uncaughtException') === 0) session.sendFatal(error);
});

function runAgentMethod(method: string, args: unknown[]): unknown {
  switch (method) {
    case 'load':
      loading = load(args[0] as LoadRequest);
      return loading.then(() => undefined);
    case 'constructor':
      return construct(args);
    case 'get':
      return started().get(args[0] as string);
    case 'stats':
      return stats();
    case 'dispose':
      return instance?.dispose();
    default:
      throw new ProtocolError(`The agent has no method ${method}.`);
  }
}

async function load(request: LoadRequest): Promise<Class> {
  if (request.protocol !== PROTOCOL) {
    throw new ProtocolError(
      `The parent speaks protocol ${String(request.protocol)} and the agent ${PROTOCOL}: two versions of procxy are mixed. ` +
        'Install one version, and rebuild what bundles it.',
    );
  }
  ({ terminateTimeout } = request);
  const { module } = request;
  const namespace = await withLoadingMark(request.class, () => loadModule(module));
  return findClass(namespace, request.class, 'url' in module ? module.url : `'${module.specifier}'`);
}

async function construct(args: unknown[]): Promise<InstanceDescription> {
  if (!loading) throw new ProtocolError('The instance was asked for before its module.');
  const Class = await loading;
  self.current = new Class(...args);
  instance = new Instance(self.current);
  return instance.describe();
}

function started(): Instance {
  if (!instance) throw new ProtocolError('The instance was called before it was made.');
  return instance;
}

function stats(): SideStats {
  const { pendingCalls, servedCalls } = session.stats();
  // This very request is one of them.
  return { pendingCalls, servedCalls: servedCalls - 1 };
}

/** The parent is gone: nothing can be answered any more. */
function endAlone(): void {
  setTimeout(() => process.exit(), terminateTimeout).unref();
  void (instance?.dispose() ?? Promise.resolve())
    .catch((error: unknown) => console.error(error))
    .finally(() => process.exit());
}
