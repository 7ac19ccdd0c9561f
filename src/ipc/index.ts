/**
 * Node's message API for child programs in any runtime or language.
 *
 * @module procxy/ipc
 */
export { spawnWithIpc, type SpawnWithIpcOptions } from './spawn.js';
export { connectIpc, type ConnectIpcOptions, type IpcChannel, type IpcEvents, type SendCallback } from './connect.js';
export type { ChannelControl } from '../channel/message-api.js';
export type { IpcOptions } from './options.js';
export {
  ChannelError,
  HandleTransferError,
  OptionsValidationError,
  ProcxyError,
  ProtocolError,
  type ProcxyErrorCode,
} from '../errors.js';
