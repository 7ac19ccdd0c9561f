import { PNG } from 'pngjs';

const BYTES_PER_PIXEL = 4;
/** How much red, green and blue of a pixel make up the red, green and blue of the old photograph. */
const SEPIA = [
  [0.393, 0.769, 0.189],
  [0.349, 0.686, 0.168],
  [0.272, 0.534, 0.131],
];
const SOBEL_X = [
  [-1, 0, 1],
  [-2, 0, 2],
  [-1, 0, 1],
];
const SOBEL_Y = [
  [-1, -2, -1],
  [0, 0, 0],
  [1, 2, 1],
];

/** Takes a PNG file's bytes and returns those of another. All three steps wear a CPU out: decoding, filtering, encoding. */
export class ImageFilters {
  /**
   * A Gaussian blur.
   *
   * @param {Buffer} png
   * @param {number} radius in pixels
   */
  blur(png, radius) {
    const weights = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-2 * ((i - radius) / radius) ** 2));
    const sum = weights.reduce((a, b) => a + b);
    const row = weights.map((weight) => weight / sum);
    const column = row.map((weight) => [weight]);
    // A Gaussian is the product of a row and a column: two narrow convolutions do the work of a square one.
    return filter(png, (image) => {
      const { width, height } = image;
      return toBytes(convolve({ width, height, data: convolve(image, [row]) }, column));
    });
  }

  /**
   * Bright lines where a color changes abruptly, by the Sobel operator.
   *
   * @param {Buffer} png
   */
  edges(png) {
    return filter(png, (image) => {
      const horizontal = convolve(image, SOBEL_X);
      const vertical = convolve(image, SOBEL_Y);
      return toBytes(horizontal.map((value, i) => Math.hypot(value, /** @type {number} */ (vertical[i]))));
    });
  }

  /** @param {Buffer} png */
  sepia(png) {
    return filter(png, ({ data }) => {
      const result = Buffer.alloc(data.length);
      for (let pixel = 0; pixel < data.length; pixel += BYTES_PER_PIXEL) {
        const [red = 0, green = 0, blue = 0] = data.subarray(pixel, pixel + 3);
        SEPIA.forEach(([r = 0, g = 0, b = 0], channel) => {
          result[pixel + channel] = Math.min(255, r * red + g * green + b * blue);
        });
      }
      return result;
    });
  }
}

/** @typedef {{ width: number, height: number, data: ArrayLike<number> }} Pixels */

/**
 * @param {Buffer} file
 * @param {(image: PNG) => Buffer} change may leave the opacity to this function
 */
function filter(file, change) {
  const image = PNG.sync.read(file);
  const data = change(image);
  for (let i = 3; i < data.length; i += BYTES_PER_PIXEL) data[i] = /** @type {number} */ (image.data[i]);
  return PNG.sync.write(Object.assign(new PNG(image), { data }));
}

/**
 * Each color of each pixel becomes the sum of its neighbors', weighted by the kernel. Beyond the border, the border goes on.
 *
 * @param {Pixels} image
 * @param {number[][]} kernel
 */
function convolve({ width, height, data }, kernel) {
  const middleY = (kernel.length - 1) / 2;
  const middleX = ((kernel[0]?.length ?? 1) - 1) / 2;
  const result = new Float64Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const target = (y * width + x) * BYTES_PER_PIXEL;
      for (const [row, weights] of kernel.entries()) {
        const sourceY = clamp(y + row - middleY, height - 1);
        for (const [column, weight] of weights.entries()) {
          const source = (sourceY * width + clamp(x + column - middleX, width - 1)) * BYTES_PER_PIXEL;
          for (let channel = 0; channel < 3; channel++) {
            // @ts-expect-error: both indices are inside
            result[target + channel] += data[source + channel] * weight;
          }
        }
      }
    }
  }
  return result;
}

/** @param {number} value @param {number} max */
function clamp(value, max) {
  return Math.min(Math.max(value, 0), max);
}

/** @param {Float64Array} values */
function toBytes(values) {
  return Buffer.from(Uint8ClampedArray.from(values).buffer);
}
