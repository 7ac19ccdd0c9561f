import type { ProtocolError } from '../errors.js';

/** Carries bytes to the executable and back, in order and once, until it closes. */
export interface Link {
  /** Once, before anything else. */
  open(events: LinkEvents): void;
  /** Takes ownership of `data`: it may be sent again later. */
  write(data: Buffer): void;
  /** Closes it for good; the executable ends. */
  close(): void;
}

export interface LinkEvents {
  /** @throws {ProtocolError} when these bytes are not what they may be */
  onData(chunk: Buffer): void;
  /** The executable broke the protocol. */
  onViolation(error: ProtocolError): void;
  /** Once. `lost` unless this side closed it. */
  onClose(lost: boolean): void;
}
