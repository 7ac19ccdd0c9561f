import type { Message } from '../protocol.js';

/**
 * Sends one message on behalf of `method`.
 * @throws {SerializationError} when it is too large or too deep
 */
export type Send = (message: Message, method: string) => void;
