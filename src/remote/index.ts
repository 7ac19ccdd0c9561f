export { connect } from './cluster.js';
export { serve, type Host } from './host.js';
export type { ConnectOptions, Lease, NetworkOptions } from './connect-options.js';
export type { NatsAddress } from './nats.js';
export type { ClassOptions, Limits, ServedClass, ServeOptions } from './serve-options.js';
export { HostError, HostLostError } from '../host-errors.js';
export type { Cluster, HostChoice, HostStats, Labels } from '../options/host.js';
