import { PNG } from 'pngjs';

/**
 * @typedef {[red: number, green: number, blue: number]} Color
 * @typedef {(x: number, y: number) => boolean} Shape whether a point is inside; the unit is the picture's height
 */

/** @type {[Shape, Color][]} each covers those before it */
const SHAPES = [
  [(x, y) => Math.hypot(x - 1.2, y - 0.28) < 0.16, [255, 221, 87]],
  [(x, y) => y > 0.6 + 0.1 * Math.sin(6 * x), [46, 111, 64]],
  [(x, y) => Math.abs(x - 0.5) < 0.22 && Math.abs(y - 0.62) < 0.15, [178, 58, 46]],
  [(x, y) => y < 0.48 && y > 0.22 + 0.8 * Math.abs(x - 0.5), [92, 53, 38]],
  [(x, y) => Math.abs(x - 0.5) < 0.06 && Math.abs(y - 0.67) < 0.1, [245, 235, 215]],
];
/** @type {Color} */
const ZENITH = [24, 78, 160];
/** @type {Color} */
const HORIZON = [245, 190, 160];

/**
 * A house in the evening, as a PNG file's bytes.
 *
 * @param {number} width
 * @param {number} height
 */
export function drawPicture(width, height) {
  const image = new PNG({ width, height });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) image.data.set([...colorAt(x / height, y / height), 255], (y * width + x) * 4);
  }
  return PNG.sync.write(image);
}

/** @param {number} x @param {number} y @returns {Color} */
function colorAt(x, y) {
  const top = SHAPES.findLast(([isInside]) => isInside(x, y));
  if (top) return top[1];
  const [red, green, blue] = ZENITH;
  return [red + y * (HORIZON[0] - red), green + y * (HORIZON[1] - green), blue + y * (HORIZON[2] - blue)];
}
