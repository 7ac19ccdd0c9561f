/**
 * The program that runs in every child: it connects to the parent and serves an instance. Only `procxy()` should start it.
 */
import { nodeIpcChannel, type IpcPort } from '../channel/node-ipc.js';
import { withDebugLog } from '../session/wire/debug-log.js';
import { Departure } from './departure.js';
import { inheritedBlocking, inheritedBytes } from './inherited-lanes.js';
import { joinChannel } from './join-channel.js';
import { keepTicking } from './keep-ticking.js';
import { sendLastWords } from './last-words.js';
import { loadClass } from './load-class.js';
import { keepOwnListeners } from './own-listeners.js';
import type { Place } from './place.js';
import { rehearse } from './rehearse.js';
import { serveInstance } from './serve-instance.js';
import { showInProcessList } from './process-list.js';
import { SharedInstances } from './shared-instances.js';
import { leaveTerminalAlone } from './terminal.js';

// This file is built as CommonJS, where stack traces contain `__filename`.
const ownFile = __filename;

joinChannel(fail);
const channel = withDebugLog(keepTicking(nodeIpcChannel(process as unknown as IpcPort)), 'parent');
const place: Place = {
  ownFile,
  load(request) {
    showInProcessList(request.class.name);
    return loadClass(request);
  },
  bytes: inheritedBytes,
  blocking: inheritedBlocking,
  rehearse: (session) => rehearse(session, ownFile),
  leave: () => departure.leave(),
  share: () => served.session.inbox.passOn(shared.receive),
};
const served = serveInstance(channel, place, fail);
const shared = new SharedInstances(channel, place, fail);
const departure = new Departure(served, shared);
channel.onClose(() => void departure.leave());
process.on('exit', () => {
  served.session.disableBatches();
  shared.disableBatches();
});
sendLastWords(served);
keepOwnListeners();
leaveTerminalAlone();

function fail(error: Error): never {
  throw error;
}
