import type { ProtocolError } from '../errors.js';

/** Carries bytes to the executable and back, until it closes. Every byte arrives once and in order. */
export interface Link {
  /** Call it once, before the other methods. */
  open(events: LinkEvents): void;
  /** Takes ownership of `data`, which may be sent again later. */
  write(data: Buffer): void;
  /** Closes the link for good. The executable ends. */
  close(): void;
}

export interface LinkEvents {
  /** @throws {ProtocolError} when the bytes break the protocol */
  onData(chunk: Buffer): void;
  /** The executable broke the protocol. */
  onViolation(error: ProtocolError): void;
  /** Called once. `lost` is true unless this side closed the link. */
  onClose(lost: boolean): void;
}
