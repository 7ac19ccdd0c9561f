import { ProtocolError } from '../errors.js';
import { ByteCollector } from './byte-collector.js';
import { TruncatedMessage, type Decoder, type DecoderOptions } from './decoder.js';
import { HEADER_BYTES, type MessageFormat } from './frames.js';

/** Reads messages in frames, however their bytes are split. A frame never uses more than twice the memory of its bytes, plus 64 MiB. */
export class FrameDecoder implements Decoder {
  readonly #options: DecoderOptions & { format: MessageFormat };
  /** The bytes of an incomplete frame, including its header. */
  readonly #partial = new ByteCollector();
  /** The size of the incomplete frame, once its header has arrived. */
  #size: number | undefined;
  #failed = false;

  constructor(options: DecoderOptions & { format: MessageFormat }) {
    this.#options = options;
  }

  push(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0 && !this.#failed) {
      this.#guard(() => (rest = this.#readWhole(rest) ?? this.#readPart(rest)));
    }
  }

  /** The rest of a frame is read directly behind what has arrived of it. */
  room(): Buffer | undefined {
    if (this.#size === undefined || this.#failed) return undefined;
    return this.#partial.length > HEADER_BYTES ? this.#partial.room(this.#size) : undefined;
  }

  filled(length: number): void {
    if (this.#failed) return;
    this.#partial.filled(length);
    this.#guard(() => this.#takeWhole());
  }

  end(): void {
    const { length } = this.#partial;
    if (length === 0) return;
    this.#fail(new TruncatedMessage(`The channel closed in the middle of a message, after ${length} bytes of it.`));
  }

  /** Reads a complete frame. Returns the bytes after it, or `undefined` if the frame is incomplete. */
  #readWhole(bytes: Buffer): Buffer | undefined {
    if (this.#partial.length > 0 || bytes.length < HEADER_BYTES) return undefined;
    const size = this.#sizeOf(bytes);
    if (bytes.length < size) return undefined;
    const body = bytes.subarray(HEADER_BYTES, size);
    const { format, onMessage } = this.#options;
    onMessage(format.decode(format.keepsMemory ? copyOf(body) : body));
    return bytes.subarray(size);
  }

  #readPart(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, (this.#size ?? HEADER_BYTES) - this.#partial.length);
    this.#partial.add(part, this.#size);
    if (this.#size === undefined && this.#partial.length === HEADER_BYTES) {
      const header = this.#partial.take();
      this.#size = this.#sizeOf(header);
      this.#partial.add(header);
    }
    this.#takeWhole();
    return bytes.subarray(part.length);
  }

  #takeWhole(): void {
    if (this.#partial.length !== this.#size) return;
    this.#size = undefined;
    const { format, onMessage } = this.#options;
    onMessage(format.decode(this.#partial.take().subarray(HEADER_BYTES)));
  }

  #sizeOf(header: Buffer): number {
    const length = header.readUInt32LE();
    const { maxMessageBytes } = this.#options;
    if (length > maxMessageBytes)
      throw new RangeError(`A message of ${length} bytes exceeds the limit of ${maxMessageBytes}`);
    return HEADER_BYTES + length;
  }

  #guard(read: () => void): void {
    try {
      read();
    } catch (cause) {
      this.#fail(new ProtocolError('Bytes arrived that are not a message.', { cause }));
    }
  }

  #fail(error: ProtocolError): void {
    this.#failed = true;
    this.#partial.take();
    this.#options.onError(error);
  }
}

/** Copies bytes to memory that nothing else uses. */
export function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
