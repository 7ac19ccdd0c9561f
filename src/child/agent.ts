/**
 * The program that runs in every child: it connects, loads the class, and serves its instance.
 * `procxy()` starts it; nobody else should.
 */
import type { Socket } from 'node:net';
import { pathToFileURL } from 'node:url';
import { serialize } from 'node:v8';
import { setInterval, setTimeout } from '../clock.js';
import { BlockingSocket } from '../channel/blocking-socket.js';
import type { DataSocket } from '../channel/data-socket.js';
import { messageFormat } from '../channel/frames.js';
import { openInherited } from '../channel/inherited.js';
import { nodeIpcChannel, type IpcPort } from '../channel/node-ipc.js';
import { encodeThrown, type Codec } from '../codec/codec.js';
import { createCodec } from '../codec/create-codec.js';
import { mirroredFunction } from '../codec/refusals.js';
import type { Self } from '../codec/transfer-handlers.js';
import { ProtocolError, TerminatedError } from '../errors.js';
import { withLoadingMark } from '../loading-mark.js';
import type {
  AgentDescription,
  CallbackRequest,
  CallbackResult,
  DescriptorReference,
  InstanceDescription,
  LoadRequest,
  ProtocolVersion,
} from '../protocol.js';
import { Callbacks } from '../session/functions/callbacks.js';
import { withDebugLog } from '../session/wire/debug-log.js';
import { Handles } from '../session/handles.js';
import type { Blocking } from '../session/functions/invocations.js';
import { Session } from '../session/session.js';
import { Signals } from '../session/signals.js';
import { dataSocketOf } from '../session/streams/data-link.js';
import { Streams } from '../session/streams/streams.js';
import type { SerializationMode } from '../types/serializable.js';
import type { SideStats } from '../types/stats.js';
import { findClass, type Class } from './find-class.js';
import { Instance } from './instance.js';
import { isWithin } from './size.js';
import { openDescriptor } from './receive-handle.js';
import { joinChannel } from './join-channel.js';
import { displayModule, loadModule } from './load-module.js';

const PROTOCOL: ProtocolVersion = 1;

interface Loaded {
  request: LoadRequest;
  namespace: object;
  Class: Class;
}

const self: Self = { current: undefined };
let loading: Promise<Loaded> | undefined;
let instance: Instance | undefined;
let terminateTimeout = 0;

joinChannel((error) => {
  throw error;
});
const channel = withDebugLog(nodeIpcChannel(process as unknown as IpcPort), 'parent');
// This file is built as CommonJS, where `__filename` is what the stacks of its frames name.
const codecs = { self, ownFile: __filename };
// The first message tells the mode; it holds nothing that any mode would write otherwise.
let actual = createCodec({ ...codecs, mode: 'json' });
const codec: Codec = { encode: (...args) => actual.encode(...args), decode: (wire) => actual.decode(wire) };
const session: Session = new Session({
  channel,
  codec,
  run: (target, method, args) => (target === 'agent' ? runAgentMethod(method, args) : started().call(method, args)),
  preface: () => instance?.properties.takeChanges(),
  handlers: {
    'event-subscribe': ({ event }) => instance?.events?.subscribe(event),
    'event-unsubscribe': ({ event }) => instance?.events?.unsubscribe(event),
  },
  onViolation(error) {
    throw error;
  },
});
session.enableBatches();
channel.onClose(endAlone);
process.once('exit', () => session.disableBatches());
process.on('uncaughtExceptionMonitor', sayLastWords);
if ('bun' in process.versions) dieOfRejections();

function runAgentMethod(method: string, args: unknown[]): unknown {
  switch (method) {
    case 'ready':
      return rehearse();
    case 'import':
      loading = load(args[0] as LoadRequest);
      return loading.then((): AgentDescription => ({ batches: true }));
    case 'constructor':
      return construct(args);
    case '$get':
      return started().get(args[0] as string);
    case '$refresh':
      // What has changed goes before each answer.
      return started().properties.refresh();
    case '$sendHandle':
      return started().receiveHandle(args[0] as Socket, args[1]);
    case '$sendDescriptor':
      return started().receiveHandle(openDescriptor(args[0] as DescriptorReference), args[1]);
    case '$stats':
      return stats();
    case 'dispose':
      return instance?.dispose();
    default:
      throw new ProtocolError(`The agent has no method ${method}.`);
  }
}

/**
 * Makes an instance that is nobody's: what is done for the first time takes several times as long as the second time, and
 * this child has the time now.
 */
async function rehearse(): Promise<void> {
  const name = 'Rehearsal';
  const namespace = await loadModule({ url: new URL('rehearsal.js', pathToFileURL(__filename)).href });
  const Class = findClass(namespace, { name, source: '' }, name);
  const streams = new Streams({ isParent: false, data: () => undefined, onBusy: () => {} });
  const rehearsed = createCodec({ ...codecs, mode: 'json', handles: new Handles(), streams, signals: new Signals() });
  const rehearsal = new Instance({
    object: new Class(),
    type: Class,
    namespace,
    mirror: { names: 'own', limit: Infinity },
    codec: rehearsed,
    propertyCodec: rehearsed,
    fingerprint: JSON.stringify,
    session,
  });
  const called = rehearsal.call('count', rehearsed.decode([]) as unknown[]);
  rehearsed.encode([rehearsal.describe(), called, rehearsal.properties.takeChanges()], { root: 'result' });
}

async function load(request: LoadRequest): Promise<Loaded> {
  if (request.protocol !== PROTOCOL) {
    throw new ProtocolError(
      `The parent speaks protocol ${String(request.protocol)} and the agent ${PROTOCOL}: two versions of procxy are mixed. ` +
        'Install one version, and rebuild what bundles it.',
    );
  }
  ({ terminateTimeout } = request);
  session.setBusyPoll(request.busyPoll ?? 0);
  const { serialization: mode, supportHandles } = request;
  const callbacks = request.callbacks && takeCallbacks(request.callbacks, mode);
  const streams = takeStreams(request);
  const signals = new Signals();
  session.use(signals);
  const handles = supportHandles ? new Handles() : undefined;
  if (handles) session.use(handles);
  actual = createCodec({
    ...codecs,
    mode,
    handles,
    functions: callbacks,
    streams,
    signals,
  });
  const { module } = request;
  const namespace = await withLoadingMark(request.class, () => loadModule(module));
  const Class = findClass(namespace, request.class, displayModule(module));
  return { request, namespace, Class };
}

async function construct(args: unknown[]): Promise<InstanceDescription> {
  if (!loading) throw new ProtocolError('The instance was asked for before its module.');
  const { request, namespace, Class } = await loading;
  const object = new Class(...args);
  self.current = object;
  // A property must not move a socket away, nor keep a function alive over there: its values are encoded without them.
  const functionRefusal = mirroredFunction;
  const propertyCodec = createCodec({ ...codecs, mode: request.serialization, functionRefusal });
  instance = new Instance({
    object,
    type: Class,
    namespace,
    mirror: request.mirror,
    codec,
    propertyCodec,
    fingerprint: request.serialization === 'json' ? JSON.stringify : fingerprintOfClone,
    session,
  });
  if (request.heartbeat !== undefined) {
    setInterval(() => session.sendControl({ type: 'heartbeat' }), request.heartbeat).unref();
  }
  return instance.describe();
}

function takeCallbacks(
  { limit, timeout = Infinity, syncDescriptor }: CallbackRequest,
  mode: SerializationMode,
): Callbacks {
  const callbacks = new Callbacks({
    limit,
    timeout,
    isParent: false,
    blocking: syncDescriptor === undefined ? undefined : blockingOn(syncDescriptor, mode),
    onUnhandled: (name, reason) => session.sendControl({ type: 'callback-failed', name, reason }),
  });
  session.use(callbacks);
  return callbacks;
}

function takeStreams({ dataDescriptor, serialization: mode }: LoadRequest): Streams {
  let data: DataSocket | undefined;
  const open = (descriptor: number): DataSocket => {
    const socket = openInherited(descriptor);
    // The channel keeps this process alive, and nothing else.
    socket.unref();
    return dataSocketOf({ socket, mode, inbox: session.inbox, streams });
  };
  const streams: Streams = new Streams({
    isParent: false,
    data: () => (dataDescriptor === undefined ? undefined : (data ??= open(dataDescriptor))),
    onBusy: () => {},
  });
  session.use(streams);
  return streams;
}

function blockingOn(descriptor: number, mode: SerializationMode): Blocking {
  const format = messageFormat(mode);
  const socket = new BlockingSocket(descriptor, format);
  return {
    codec,
    // In JSON mode what is sent is a copy already.
    copy: (message) => (mode === 'json' ? message : format.encode(message)),
    request(message) {
      const answer = socket.request(message);
      if (answer === undefined)
        throw new TerminatedError('The parent process has ended, for whose function this one waited.');
      return answer as CallbackResult;
    },
  };
}

function fingerprintOfClone(wire: unknown): string {
  return serialize(wire).toString('latin1');
}

function started(): Instance {
  if (!instance) throw new ProtocolError('The instance was called before it was made.');
  return instance;
}

function stats(): SideStats {
  const counts = session.stats();
  // This very request is one of those served.
  return { ...counts, servedCalls: counts.servedCalls - 1, subscriptions: instance?.events?.size ?? 0 };
}

/** With a handler of the user's own the process goes on: these are no last words then. */
function sayLastWords(error: unknown): void {
  if (process.listenerCount('uncaughtException') > 0) return;
  const { wire, coded } = encodeThrown(codec, shortened(error));
  session.sendControl({ type: 'child-fatal', error: wire, ...(coded && { coded }) });
  session.flush();
}

/** Bun tells the monitor of no rejection. With a handler of the user's own the process goes on, as in Node. */
function dieOfRejections(): void {
  process.on('unhandledRejection', (reason) => {
    if (process.listenerCount('unhandledRejection') > 1) return;
    console.error(reason);
    sayLastWords(reason);
    process.exit(1);
  });
}

/** The pipe takes so much at once; what does not fit is lost with the process. */
const LAST_WORDS_LIMIT = 64 * 1024;

function shortened(error: unknown): unknown {
  if (!(error instanceof Error) || isWithin({ ...error, cause: error.cause, text: error.stack }, LAST_WORDS_LIMIT))
    return error;
  const short = Object.create(Object.getPrototypeOf(error) as object) as Error;
  for (const key of ['message', 'stack'] as const) {
    Object.defineProperty(short, key, { value: String(error[key]).slice(0, LAST_WORDS_LIMIT / 4) });
  }
  return short;
}

/** The parent is gone: nothing can be answered any more. */
function endAlone(): void {
  setTimeout(() => process.exit(), terminateTimeout).unref();
  void (instance?.dispose() ?? Promise.resolve())
    .catch((error: unknown) => console.error(error))
    .finally(() => process.exit());
}
