import { threadId } from 'node:worker_threads';

/** Asks which process and thread answers. */
export const WHO = 'who?';

/** Gives back what it gets. */
export default (value) => (value === WHO ? `${process.pid}/${threadId}` : value);
