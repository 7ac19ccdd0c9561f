const linuxPrograms = 'it starts programs that are installed for Linux';
const text = 'it reads the source or the pages, which are the same everywhere';
const handles = 'Node passes handles on Windows only partly, and procxy does not promise it there';
const python = 'Python for Windows is not installed';
const shell = 'it starts programs of a POSIX shell';
const compiler = 'it compiles C for Linux';
const signals = 'Windows has no signals between processes, and cannot stop one';
const reaper = 'Windows ends the children itself, so no reaper is started';
const vitest = 'the command of Vitest does not start under Wine';
const speed = 'it compares speeds, which Wine changes';

const users = 'Windows has no numeric users';
const append = 'several processes append to one file, which loses lines under Wine (895 of 900 were seen)';

/** Files of tests that are not run on Windows under Wine, and the reasons. A name that ends with a slash is a folder. */
export const withoutFiles: Readonly<Record<string, string>> = {
  'tests/bench/': text,
  'tests/types/': text,
  'tests/layers.test.ts': text,
  'tests/length.test.ts': text,
  'tests/windows/exceptions.test.ts': text,
  'tests/integration/docs-links.test.ts': text,
  'tests/integration/overview.test.ts': text,
  'tests/integration/prose.test.ts': text,
  'tests/integration/doc-comments.test.ts': text,
  'tests/places/': linuxPrograms,
  'tests/integration/jest.test.ts': linuxPrograms,
  'tests/integration/npm-packages.long.test.ts': linuxPrograms,
  'tests/integration/reference-packages.full.test.ts': linuxPrograms,
  'tests/integration/package.test.ts': linuxPrograms,
  'tests/integration/graceful-shutdown.long.test.ts': signals,
  'tests/integration/package.long.test.ts': linuxPrograms,
  'tests/integration/published-process-proxy.test.ts': linuxPrograms,
  'tests/integration/readme-example.test.ts': linuxPrograms,
  'tests/integration/require-hooks.long.test.ts': linuxPrograms,
  'tests/integration/electron.test.ts': linuxPrograms,
  'tests/integration/docs.long.test.ts': python,
  'tests/integration/examples.long.test.ts': python,
  'tests/integration/examples-list.test.ts': text,
  'tests/remote/tls.test.ts': 'it makes certificates with openssl, which is installed for Linux',
  'tests/remote/permissions.test.ts': 'it makes certificates with openssl, which is installed for Linux',
  'tests/remote/chaos.full.test.ts': 'it uses network namespaces of Linux',
  'tests/remote/memory.full.test.ts': 'it reads the memory of processes from Linux',
  'tests/remote/paused-host.full.test.ts': signals,
  'tests/integration/examples-run.full.test.ts': python,
  'tests/integration/python-agent.test.ts': python,
  'tests/integration/working-directory.long.test.ts': shell,
  'tests/integration/odd-environments.long.test.ts': shell,
  'tests/integration/vitest.long.test.ts': vitest,
  'tests/integration/process-list.test.ts': 'Windows does not show the title of a process',
  'tests/integration/process-user.test.ts': users,
  'tests/integration/reaper.test.ts': reaper,
  'tests/parent/file-descriptor.test.ts': 'only Linux can pass a file descriptor',
  'tests/integration/handles.long.test.ts': handles,
  'tests/integration/handles-among-chunks.test.ts': handles,
  'tests/integration/handles-on-the-way.test.ts': handles,
  'tests/integration/unix-path-servers.test.ts': handles,
  'tests/hardening/soak.full.test.ts': handles,
  'tests/integration/price-of-a-call.test.ts': speed,
  'tests/hardening/flood.long.test.ts': speed,
  'tests/integration/code-cache.long.test.ts': 'the cache needs owners and modes of files, which Windows does not have',
  'tests/integration/fleet-chaos.full.test.ts': append,
  'tests/process-proxy/native/ring.test.ts': compiler,
  'tests/remote/rolling.full.test.ts': signals,
  'tests/session/wire/sending.test.ts': 'the runner there cannot replace a module by another',
  'tests/process-proxy/native/platform.test.ts': 'it tests the POSIX half of the executable',
};

const ownKill = 'a process that kills itself on Windows ends with code 1, and without a signal';
const compiled = 'the stack names the compiled file here';
const crowd = 'it starts 46 or more processes at once, which take longer under Wine than the connection waits';
const bundle = 'esbuild does not find the package by its own name under Wine';
const endOfParent = 'Windows ends the children with their parent, before a hook can run';

const otherHost = 'the URL of a file on another host is valid on Windows';
const closing = 'closing the descriptor ends the process';
const links = 'Node for Windows cannot follow a link that it makes under Wine';
const stack = 'the stack of node.exe under Wine is too small for JSON of that depth';
const newerNode = 'Node 24 does not start under Wine 8';
const deno = 'Deno for Windows ends under Wine 8 with the exception 0x80000003';
const bunChannel = 'a child in Bun on Windows has the channel of fork(), and no lanes';
const neededVariables = 'Node adds variables that programs on Windows need';
const kept = 'under Wine, what a process has begun to write to a pipe arrives whole, also after its death';
const laterWrites = 'a write to a pipe on Windows ends, or fails, in a later turn of the event loop';

/** Tests that are not run on Windows, as parts of regular expressions for their names, and the reasons, by file. */
export const withoutTests: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'tests/channel/fast-socket.test.ts': {
    'lets other events run': 'libuv reads a pipe on Windows until it is empty, in one turn of the event loop',
  },
  'tests/codec/depth.test.ts': {
    'reads what it has written, with descriptors too': stack,
    'JSON mode.*accepts values that the sender can write': stack,
  },
  'tests/integration/bad-input.test.ts': {
    'that does not exist, as a URL': 'a URL without a drive is refused earlier',
  },
  'tests/integration/callback-limits.long.test.ts': { 'still times out and ends': signals },
  'tests/integration/cluster-example.long.test.ts': { 'the program ': linuxPrograms },
  'tests/integration/demo.long.test.ts': { 'redraws each bar': shell, 'has a bold header': shell },
  'tests/integration/containment.test.ts': {
    'a link that is named': links,
    'Deno also refuses': deno,
    'inheritEnv: false': neededVariables,
    'file://host/share': otherHost,
  },
  'tests/integration/ending.long.test.ts': { 'the shell that ends orphans': reaper },
  'tests/integration/ending.test.ts': {
    'one that is stopped': signals,
    'the child disposes and exits': endOfParent,
  },
  'tests/integration/every-call-settles.test.ts': {
    'is ended by SIGKILL': ownKill,
    'is ended by SIG(USR2|SEGV)': signals,
    'when the child is stopped': signals,
    'made while the child dies': ownKill,
  },
  'tests/integration/fake-clocks.long.test.ts': { 'under vitest': vitest, 'under jest': linuxPrograms },
  'tests/integration/fleet-examples.long.test.ts': {
    'image-service: ': 'connections under load fail under Wine with the error UNKNOWN',
    'cart-service: ': newerNode,
    'redraws a terminal': shell,
  },
  'tests/integration/function-failures.test.ts': { 'after a crash with a ChildCrashedError': ownKill },
  'tests/integration/heartbeat.long.test.ts': { stopped: signals },
  'tests/integration/ipc-ending.test.ts': { 'spawnWithIpc .*whose death': laterWrites },
  'tests/integration/ipc-orphans.test.ts': { 'in deno': deno },
  'tests/integration/ipc-runtimes.test.ts': { 'in deno': deno },
  'tests/integration/runtimes.test.ts': {
    'in deno': deno,
    'in bun sync': bunChannel,
    'in bun an option that it does not support': bunChannel,
  },
  'tests/integration/ipc-send.test.ts': { 'before the next turn of the event loop': laterWrites },
  'tests/integration/keyed-shared.long.test.ts': { 'when their parent has gone': endOfParent },
  'tests/integration/large-bytes.test.ts': { 'dies in the middle': kept },
  'tests/integration/leaving.test.ts': {
    'by a reader that does not read': 'a process on Windows blocks while it writes to a pipe that nobody reads',
    'runs the listeners of another killSignal': signals,
    'a signal to the whole group': signals,
    'closes its channel and keeps running': closing,
    'a terminal that the parent reads': python,
  },
  'tests/integration/pool.test.ts': {
    'brings each call to an instance': append,
    'gives one instance to .use.. alone': append,
    '2,000 calls under random kills': append,
    'aborting any of 1,000': append,
  },
  'tests/integration/pool-size.long.test.ts': { 'replaces instances by .* under load': append },
  'tests/integration/reference-lifetimes.long.test.ts': { 'costs what it costs without': speed },
  'tests/integration/values-kept-whole.test.ts': { 'a child of a newer Node': newerNode },
  'tests/options/containment.test.ts': { 'a URL of a file on another machine': otherHost },
  'tests/parent/hand-over.test.ts': { 'a descriptor is sent': 'only Linux can pass a file descriptor' },
  'tests/parent/launch/containment.test.ts': { 'name the files that links lead to': links },
  'tests/parent/launch/directories.test.ts': {
    'whose directory was removed': 'Windows does not remove a directory in which a process works',
  },
  'tests/parent/launch/runtime.test.ts': {
    'deno.*supportHandles.* contradict': 'a child in Deno on Windows has the channel of fork()',
  },
  'tests/parent/launch/user.test.ts': {
    'what is between a user and a file': users,
    'only Windows has no such users': users,
  },
  'tests/process-proxy/server.test.ts': {
    'a hundred executables': crowd,
    'one that is suspended': signals,
  },
  'tests/session/handles.test.ts': { 'a handle that .* is closed': 'a handle on Windows has no descriptor' },
  'tests/process-proxy/byte-link.test.ts': {
    'is cut in the handshake': crowd,
  },
  'tests/ipc/spawn.test.ts': { 'the descriptor': 'the channel to a program is a pipe with a name, not a descriptor' },
  'tests/remote/ending.long.test.ts': { 'follows the end of its channel': closing },
  'tests/remote/host-command.test.ts': { 'drains on SIGTERM': signals },
  'tests/remote/remote.test.ts': {
    'that was stopped': signals,
    'is asked to end does': signals,
    'has only the environment': neededVariables,
  },
  'tests/process-proxy/executable.test.ts': { 'a bundle ': bundle },
  'tests/process-proxy/native/link.long.test.ts': { 'debug build': compiler },
  'tests/integration/references.test.ts': { 'and the call’s own line': compiled },
  'tests/integration/sync-ending.test.ts': { 'by its parent’s end': endOfParent },
};
