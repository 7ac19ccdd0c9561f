/**
 * How many values are being encoded. Handlers ask values for their classes. A proxy of a remote object crosses as what it is, and must
 * not look like an instance of a class for which a handler is registered.
 */
export const encoding = { depth: 0 };
