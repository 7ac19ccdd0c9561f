/**
 * Answers a program that another program starts, by a native executable.
 *
 * @module procxy/process-proxy
 */
export { getAllProxyCommandPaths, getExecutablePath, type ProxyCommandDetails } from './executable.js';
export { ProcessProxyServer, type ServerEvents } from './server.js';
export { createProxyProcessServer, type ProxyProcessServer, type ProxyProcessServerOptions } from './create-server.js';
export { ProcessProxyConnection, type ConnectionEvents } from './connection.js';
export type { ProcessProxyServerOptions } from './options.js';
export type { OutputStream, StdinStream } from './streams.js';
export { Command } from './protocol.js';
export { OptionsValidationError, ProcxyError, ProtocolError } from '../errors.js';
export { CommandError, DisconnectedError, ExecutableNotFoundError } from '../process-proxy-errors.js';
