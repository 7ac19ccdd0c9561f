export { procxy, type Constructor } from './parent/procxy.js';
export { isProcxy } from './parent/proxy.js';
export {
  ChildCrashedError,
  ModuleResolutionError,
  OptionsValidationError,
  ProcxyError,
  PropertyError,
  ProtocolError,
  SerializationError,
  TerminatedError,
  TimeoutError,
  type ProcxyErrorCode,
} from './errors.js';
export type { CallOverrides, ProcxyOptions } from './types/options.js';
export type { Procxy, ProcxyControls } from './types/procxy.js';
export type { ExitStatus, ProcxyStats, SideStats } from './types/stats.js';
