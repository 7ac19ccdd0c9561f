import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { createCodec } from '../codec/create-codec.js';
import { Handles } from '../session/handles.js';
import type { Session } from '../session/session.js';
import { Signals } from '../session/signals.js';
import { Streams } from '../session/streams/streams.js';
import { findClass } from './find-class.js';
import { Instance } from './instance.js';
import { loadModule } from './load-module.js';

/**
 * Makes an instance that nobody uses. The first instance takes several times as long as the second, and a spare child has the
 * time for it now.
 * @param ownFile the agent's file, which is next to the file of the class
 */
export async function rehearse(session: Session, ownFile: string): Promise<void> {
  const name = 'Rehearsal';
  const file = new URL('rehearsal.js', pathToFileURL(ownFile));
  // A copy of the agent may be alone.
  if (!existsSync(file)) return;
  const namespace = await loadModule({ url: file.href });
  const Class = findClass(namespace, { name, source: '', isModuleNamed: true }, name);
  const streams = new Streams({ isParent: false, data: () => undefined, onBusy: () => {} });
  const self = { current: undefined };
  const [handles, signals] = [new Handles(), new Signals()];
  const codec = createCodec({ self, ownFile, mode: 'json', handles, streams, signals });
  const instance = new Instance({
    object: new Class(),
    type: Class,
    namespace,
    mirror: { names: 'own', limit: Infinity },
    codec,
    propertyCodec: codec,
    fingerprint: JSON.stringify,
    session,
  });
  const called = instance.call('count', codec.decode([]) as unknown[]);
  codec.encode([instance.describe(), called, instance.properties.takeChanges()], { root: 'result' });
}
