/**
 * Runs an instance of a class in a child process, and gives you a typed object that you use like the instance itself.
 *
 * @module procxy
 */
export { procxy } from './procxy.js';
export { procxyKeyed } from './procxy-keyed.js';
export { procxyPool } from './procxy-pool.js';
export { classFrom } from './parent/class-from.js';
export { isProcxy } from './parent/proxy.js';
export { isProcxiable, validateProcxiable } from './codec/validate.js';
export { registerErrorClass, registerTransferHandler, type ClassTransfer } from './codec/registry.js';
export { byReference } from './codec/by-reference.js';
export { sync } from './codec/sync-mark.js';
export {
  CallbackLimitError,
  ChannelError,
  ChildCrashedError,
  HandleTransferError,
  ModuleResolutionError,
  OptionsValidationError,
  ProcxyError,
  PropertyError,
  PipelineError,
  ProtocolError,
  ReferenceLimitError,
  SerializationError,
  SyncCallbackError,
  TerminatedError,
  TimeoutError,
  type ProcxyErrorCode,
} from './errors.js';
export { PoolClosedError, QueueFullError, QueueTimeoutError } from './fleet-errors.js';
export { HostError, HostLostError } from './host-errors.js';
export type { Cluster, HostChoice, HostStats, Labels } from './options/host.js';
export type { ClassReference, Constructor, KnownOptions, PublicArgumentsOf as ArgumentsFor } from './types/creation.js';
export type { CallOverrides, ProcxyOptions } from './types/options.js';
export type { Heartbeat, Permissions, ResourceLimits } from './options/containment.js';
export type { Restart } from './types/restart.js';
export type { Callback, SyncCallback } from './types/callbacks.js';
export type { Lent } from './types/lent.js';
export type { Remote } from './types/forms.js';
export type { ReferenceControls } from './types/reference-controls.js';
export type { IsProcxiable } from './types/is-procxiable.js';
export type {
  AnyProcxy,
  Procxy,
  ProcxyControls,
  ProcxiableMethodsOf,
  ProcxyWithHandle,
  UnwrapProcxy,
  UnwrapProxy,
} from './types/procxy.js';
export type {
  CannotCross,
  PassableHandle,
  Procxiable,
  SerializationMode,
  TransferTypes,
  V8Serializable,
} from './types/serializable.js';
export type { KeyedOptions, KeyedProxy, KeyedStats, ProcxyKeyed } from './types/keyed.js';
export type { Choose, MemberStats, PoolSize, Recycle } from './options/pool.js';
export type {
  All,
  InstanceStats,
  PoolCallOptions,
  PoolControls,
  PoolOptions,
  PoolProxy,
  PoolStats,
} from './types/pool.js';
export type { ExitStatus, ProcxyStats, SideStats } from './types/stats.js';
