const linuxPrograms = 'it starts programs that are installed for Linux';
const text = 'it reads the source or the pages, which are the same everywhere';
const handles = 'Node passes handles on Windows only partly, and procxy does not promise it there';
const python = 'Python for Windows is not installed';
const shell = 'it starts programs of a POSIX shell';
const compiler = 'it compiles C for Linux';
const speed = 'it compares speeds, which Wine changes';

/** Files of tests that are not run on Windows under Wine, and the reasons. A name that ends with a slash is a folder. */
export const withoutFiles: Readonly<Record<string, string>> = {
  'tests/bench/': text,
  'tests/types/': text,
  'tests/layers.test.ts': text,
  'tests/windows/exceptions.test.ts': text,
  'tests/integration/docs-links.test.ts': text,
  'tests/integration/prose.test.ts': text,
  'tests/places/': linuxPrograms,
  'tests/integration/jest.test.ts': linuxPrograms,
  'tests/integration/npm-packages.test.ts': linuxPrograms,
  'tests/integration/reference-packages.long.test.ts': linuxPrograms,
  'tests/integration/package.test.ts': linuxPrograms,
  'tests/integration/package.long.test.ts': linuxPrograms,
  'tests/integration/published-process-proxy.test.ts': linuxPrograms,
  'tests/integration/runtimes.test.ts': linuxPrograms,
  'tests/integration/ipc-runtimes.test.ts': linuxPrograms,
  'tests/integration/require-hooks.test.ts': linuxPrograms,
  'tests/integration/electron.test.ts': linuxPrograms,
  'tests/integration/docs.test.ts': python,
  'tests/integration/examples.test.ts': python,
  'tests/integration/python-agent.test.ts': python,
  'tests/integration/ipc-volume.test.ts': python,
  'tests/integration/ipc-backpressure.test.ts': python,
  'tests/integration/ipc-listeners.test.ts': shell,
  'tests/ipc/options.test.ts': shell,
  'tests/integration/working-directory.test.ts': shell,
  'tests/integration/odd-environments.test.ts': shell,
  'tests/integration/process-list.test.ts': 'Windows does not show the title of a process',
  'tests/integration/process-user.test.ts': 'Windows has no numeric users',
  'tests/integration/reaper.test.ts': 'Windows ends the children itself, so no reaper is started',
  'tests/parent/file-descriptor.test.ts': 'only Linux can pass a file descriptor',
  'tests/integration/handles.test.ts': handles,
  'tests/integration/handles-among-chunks.test.ts': handles,
  'tests/integration/handles-on-the-way.test.ts': handles,
  'tests/integration/unix-path-servers.test.ts': handles,
  'tests/hardening/soak.long.test.ts': handles,
  'tests/integration/price-of-a-call.test.ts': speed,
  'tests/hardening/flood.long.test.ts': speed,
  'tests/integration/code-cache.test.ts': 'the cache needs owners and modes of files, which Windows does not have',
  'tests/process-proxy/native/ring.test.ts': compiler,
  'tests/process-proxy/native/platform.test.ts': 'it tests the POSIX half of the executable',
};

const signals = 'Windows has no signals between processes, and cannot stop one';
const ownKill = 'a process that kills itself on Windows ends with code 1, and without a signal';
const compiled = 'the stack names the compiled file here';
const append = 'several processes append to one file, which loses lines under Wine (895 of 900 were seen)';
const crowd = 'it starts 46 processes at once, which take longer under Wine than the connection waits';
const bundle = 'esbuild does not find the package by its own name under Wine';
const endOfParent = 'Windows ends the children with their parent, before a hook can run';

/** Tests that are not run on Windows, as parts of regular expressions for their names, and the reasons, by file. */
export const withoutTests: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'tests/codec/depth.test.ts': {
    'reads what it has written, with descriptors too': 'the stack of node.exe is smaller than 1 MB of JSON needs',
  },
  'tests/integration/bad-input.test.ts': {
    'that does not exist, as a URL': 'a URL without a drive is refused earlier',
  },
  'tests/integration/callback-limits.test.ts': { 'still times out and ends': signals },
  'tests/integration/ending.test.ts': {
    'one that is stopped': signals,
    'the child disposes and exits': endOfParent,
  },
  'tests/integration/every-call-settles.test.ts': {
    'is ended by SIGKILL': ownKill,
    'is ended by SIG(USR2|SEGV)': signals,
    'when the child is stopped': signals,
  },
  'tests/integration/function-failures.test.ts': { 'after a crash with a ChildCrashedError': ownKill },
  'tests/integration/heartbeat.test.ts': { stopped: signals },
  'tests/integration/ipc-orphans.test.ts': { 'in (bun|deno)': linuxPrograms },
  'tests/integration/keyed-shared.test.ts': { 'when their parent has gone': endOfParent },
  'tests/integration/leaving.test.ts': {
    'by a reader that does not read': 'a process on Windows blocks while it writes to a pipe that nobody reads',
    'runs the listeners of another killSignal': signals,
    'a signal to the whole group': signals,
    'closes its channel and keeps running': 'closing the descriptor ends the process',
    'a terminal that the parent reads': python,
  },
  'tests/integration/pool.test.ts': {
    'brings each call to an instance': append,
    'gives one instance to .use.. alone': append,
    '2,000 calls under random kills': append,
  },
  'tests/process-proxy/byte-link.test.ts': {
    'is cut in the handshake': crowd,
    'resumed while this process is blocked': python,
  },
  'tests/process-proxy/executable.test.ts': { 'a bundle ': bundle },
  'tests/process-proxy/handshake.test.ts': { 'three hundred clients': python },
  'tests/process-proxy/native/link.test.ts': { 'the invariants of a debug build': compiler },
  'tests/integration/references.test.ts': { 'and the call’s own line': compiled },
  'tests/integration/sync-ending.test.ts': { 'by its parent’s end': endOfParent },
};
