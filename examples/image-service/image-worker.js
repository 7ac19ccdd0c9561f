import { setImmediate as turn } from 'node:timers/promises';
import { PNG } from 'pngjs';

const BYTES_PER_PIXEL = 4;
/** How many rows are filtered before the event loop has its turn, in which a signal may abort. */
const ROWS_AT_A_TIME = 16;

export class ImageWorker {
  /**
   * Blurs a picture by the mean of the pixels around each.
   *
   * @param {Buffer} png
   * @param {number} radius in pixels
   * @param {AbortSignal} signal
   * @param {(done: number) => void} onProgress gets a share from 0 to 1
   * @returns {Promise<Buffer>} a PNG file
   */
  async blur(png, radius, signal, onProgress) {
    const image = PNG.sync.read(png);
    const { width, height, data } = image;
    const result = Buffer.alloc(data.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) blurPixel(image, result, x, y, radius);
      if (y % ROWS_AT_A_TIME > 0) continue;
      onProgress(y / height);
      await turn();
      signal.throwIfAborted();
    }
    onProgress(1);
    return PNG.sync.write(Object.assign(new PNG({ width, height }), { data: result }));
  }
}

/**
 * @param {{ width: number, height: number, data: Buffer }} image
 * @param {Buffer} result
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
function blurPixel({ width, height, data }, result, x, y, radius) {
  const sums = [0, 0, 0, 0];
  let count = 0;
  for (let row = Math.max(y - radius, 0); row <= Math.min(y + radius, height - 1); row++) {
    for (let column = Math.max(x - radius, 0); column <= Math.min(x + radius, width - 1); column++) {
      const source = (row * width + column) * BYTES_PER_PIXEL;
      for (let channel = 0; channel < BYTES_PER_PIXEL; channel++) sums[channel] += data[source + channel] ?? 0;
      count++;
    }
  }
  const target = (y * width + x) * BYTES_PER_PIXEL;
  sums.forEach((sum, channel) => (result[target + channel] = sum / count));
}
