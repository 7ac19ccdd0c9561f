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

  push(chunk: Uint8Array): void {
    let rest: Buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (rest.length > 0 && !this.#failed) {
      try {
        rest = this.#readWhole(rest) ?? this.#readPart(rest);
      } catch (cause) {
        this.#fail(new ProtocolError('Bytes arrived that are not a message.', { cause }));
      }
    }
  }

  end(): void {
    const { length } = this.#partial;
    if (length === 0) return;
    this.#fail(new TruncatedMessage(`The channel closed in the middle of a message, after ${length} bytes of it.`));
  }

  /** Reads a complete frame without copying it. Returns the bytes after it, or `undefined` if the frame is incomplete. */
  #readWhole(bytes: Buffer): Buffer | undefined {
    if (this.#partial.length > 0 || bytes.length < HEADER_BYTES) return undefined;
    const size = this.#sizeOf(bytes);
    if (bytes.length < size) return undefined;
    this.#options.onMessage(this.#options.format.decode(bytes.subarray(HEADER_BYTES, size)));
    return bytes.subarray(size);
  }

  #readPart(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, (this.#size ?? HEADER_BYTES) - this.#partial.length);
    this.#partial.add(part, this.#size);
    if (this.#size === undefined && this.#partial.length === HEADER_BYTES) {
      const header = this.#partial.take();
      this.#size = this.#sizeOf(header);
      this.#partial.add(header, this.#size);
    }
    if (this.#partial.length === this.#size) {
      this.#size = undefined;
      this.#options.onMessage(this.#options.format.decode(this.#partial.take().subarray(HEADER_BYTES)));
    }
    return bytes.subarray(part.length);
  }

  #sizeOf(header: Buffer): number {
    const length = header.readUInt32LE();
    const { maxMessageBytes } = this.#options;
    if (length > maxMessageBytes)
      throw new RangeError(`A message of ${length} bytes exceeds the limit of ${maxMessageBytes}`);
    return HEADER_BYTES + length;
  }

  #fail(error: ProtocolError): void {
    this.#failed = true;
    this.#partial.take();
    this.#options.onError(error);
  }
}
