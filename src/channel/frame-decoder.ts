import { ProtocolError } from '../errors.js';
import { ByteCollector } from './byte-collector.js';
import { TruncatedMessage, type Decoder, type DecoderOptions } from './decoder.js';
import { HEADER_BYTES, type MessageFormat } from './frames.js';

/** Reads messages that stand in frames, however their bytes are cut. No more memory is taken than bytes have arrived, twice. */
export class FrameDecoder implements Decoder {
  readonly #options: DecoderOptions & { format: MessageFormat };
  /** What has come of a frame, its header included. */
  readonly #partial = new ByteCollector();
  /** Of the frame that `partial` is the beginning of, once its header is there. */
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
        this.#fail(new ProtocolError('Bytes arrived that are no message.', { cause }));
      }
    }
  }

  end(): void {
    const { length } = this.#partial;
    if (length === 0) return;
    this.#fail(new TruncatedMessage(`The channel closed within a message, after ${length} bytes of it.`));
  }

  /** A frame that is there as a whole is read without a copy. Returns what follows it. */
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
      throw new RangeError(`A message of ${length} bytes is longer than the ${maxMessageBytes} that are allowed`);
    return HEADER_BYTES + length;
  }

  #fail(error: ProtocolError): void {
    this.#failed = true;
    this.#partial.take();
    this.#options.onError(error);
  }
}
