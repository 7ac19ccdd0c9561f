import type { Session as InspectorSession } from 'node:inspector';
import { pathToFileURL } from 'node:url';
import { describeReason } from '../errors.js';
import { embeddedScript } from './single-executable.js';

type Location = { url: string } | { unknown: string };

const known = new WeakMap<object, Location>();

/**
 * Returns the URL of the file that defines a class, or the reason why it is unknown. V8 knows the right file despite aliases,
 * barrel files, renamed exports and loaders. The first query takes 20 to 70 ms, growing with the heap, and later ones about a
 * third of that. The result is cached for each class.
 */
export function locateClass(type: object): Location {
  let location = known.get(type);
  if (!location) {
    location = ask(type);
    known.set(type, location);
  }
  return location;
}

function ask(type: object): Location {
  let session: InspectorSession;
  try {
    session = connectInspector();
  } catch (error) {
    return {
      unknown: `V8 cannot be asked where it is defined (${describeReason(error)})`,
    };
  }
  try {
    const scripts = new Map<string, string>();
    session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url));
    session.post('Debugger.enable');
    const scriptId = scriptOf(session, type);
    const url = scriptId === undefined ? undefined : scripts.get(scriptId);
    return toUrl(url);
  } finally {
    session.disconnect();
  }
}

/** Loads the inspector only when needed: Node may be built without it, and the permission model forbids it. */
function connectInspector(): InspectorSession {
  const inspector = process.getBuiltinModule('node:inspector');
  const session = new inspector.Session();
  session.connect();
  return session;
}

/**
 * Finds the script of a class. The inspector can only find an object with an expression, which it evaluates in the main realm. So
 * the class is put briefly into an object that all realms share, including those of Jest and `node:vm`.
 */
function scriptOf(session: InspectorSession, type: object): string | undefined {
  const key = '__procxy_class_to_locate';
  const shared = process.getBuiltinModule('node:inspector') as unknown as Record<string, unknown>;
  shared[key] = type;
  let scriptId: string | undefined;
  // The callbacks of a session in the same thread run before `post` returns.
  session.post(
    'Runtime.evaluate',
    { expression: `process.getBuiltinModule('node:inspector').${key}` },
    (error, reply) => {
      const objectId = reply?.result.objectId;
      if (error || objectId === undefined) return;
      session.post('Runtime.getProperties', { objectId, ownProperties: true }, (failure, properties) => {
        if (failure) return;
        const location = properties.internalProperties?.find(({ name }) => name === '[[FunctionLocation]]');
        scriptId = (location?.value?.value as { scriptId?: string } | undefined)?.scriptId;
      });
    },
  );
  delete shared[key];
  return scriptId;
}

function toUrl(script: string | undefined): Location {
  if (script === undefined) return { unknown: 'it is not a class from a JavaScript file' };
  if (script !== '' && script === embeddedScript()) {
    return { unknown: 'it is in the single executable application, which a child cannot import' };
  }
  if (/^(\/|[a-z]:[\\/])/i.test(script)) return { url: pathToFileURL(script).href };
  if (script.startsWith('node:internal/')) return { unknown: `it is part of Node (${script})` };
  if (/^(file|data|node):/.test(script)) return { url: script };
  if (/^[a-z][a-z0-9+.-]+:/i.test(script)) {
    return { unknown: `V8 knows only its name in a bundle (${script}), which is not a file` };
  }
  return { unknown: script === '' ? 'it was made by eval' : `it was made by eval (${script})` };
}
