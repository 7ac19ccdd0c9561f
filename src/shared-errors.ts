/** The errors, built into a file of their own: users compare with these classes, whichever entry of the package they come from. */
export * from './errors.js';
export * from './fleet-errors.js';
export * from './host-errors.js';
