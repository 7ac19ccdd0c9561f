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
    const scripts = listScripts(session);
    const scriptId = scriptOf(session, type);
    const url = scriptId === undefined ? undefined : scripts.get(scriptId);
    return toUrl(url);
  } finally {
    session.disconnect();
  }
}

/** Loads the inspector only when needed: Node may be built without it, and the permission model forbids it. */
export function connectInspector(): InspectorSession {
  const inspector = process.getBuiltinModule('node:inspector');
  const session = new inspector.Session();
  session.connect();
  return session;
}

/** The URLs of all scripts, by their ids. */
function listScripts(session: InspectorSession): Map<string, string> {
  const scripts = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url));
  session.post('Debugger.enable');
  return scripts;
}

/** The URLs of the scripts that this process has loaded. Those of ES modules begin with `file:`. */
export function scriptsOf(): Set<string> {
  const session = connectInspector();
  try {
    return new Set(listScripts(session).values());
  } finally {
    session.disconnect();
  }
}

/**
 * Lets the inspector see a function. It can only find an object with an expression, which it evaluates in the main realm. So the
 * function is put briefly into an object that all realms share, including those of Jest and `node:vm`.
 * @param shared `fn`, and a function that expressions may call
 * @param look gets the id of the function, and the expression for `shared`. The callbacks of a session in the same thread run before
 * `post` returns
 */
export function evaluateIn(
  session: InspectorSession,
  shared: { readonly fn: object; readonly take?: (scope: object) => void },
  look: (objectId: string, expression: string) => void,
): void {
  const key = '__procxy_class_to_locate';
  const everywhere = process.getBuiltinModule('node:inspector') as unknown as Record<string, unknown>;
  const all = `process.getBuiltinModule('node:inspector').${key}`;
  everywhere[key] = shared;
  session.post('Runtime.evaluate', { expression: `${all}.fn` }, (error, reply) => {
    const objectId = reply?.result.objectId;
    if (!error && objectId !== undefined) look(objectId, all);
  });
  delete everywhere[key];
}

function scriptOf(session: InspectorSession, type: object): string | undefined {
  let scriptId: string | undefined;
  evaluateIn(session, { fn: type }, (objectId) => {
    session.post('Runtime.getProperties', { objectId, ownProperties: true }, (failure, properties) => {
      if (failure) return;
      const location = properties.internalProperties?.find(({ name }) => name === '[[FunctionLocation]]');
      scriptId = (location?.value?.value as { scriptId?: string } | undefined)?.scriptId;
    });
  });
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
