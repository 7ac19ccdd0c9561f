/**
 * A picture is blurred, outlined and aged in a child process. It travels as a Buffer, both ways.
 *
 *     node examples/image/main.js             writes the files to the system's folder for temporary ones
 *     node examples/image/main.js FOLDER      writes them there
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { procxy } from 'procxy';
import { watchEventLoop } from '../event-loop-watch.js';
import { printTable } from '../table.js';
import { ImageFilters } from './image-filters.js';
import { drawPicture } from './picture.js';

const FOLDER = process.argv[2] ?? join(tmpdir(), 'procxy-image');

const original = drawPicture(640, 400);
const filters = await procxy(ImageFilters, './image-filters.js', { serialization: 'advanced' });
const loop = await watchEventLoop();
const start = performance.now();
/** @type {Record<string, Buffer>} */
const files = {
  original,
  blur: await filters.blur(original, 8),
  edges: await filters.edges(original),
  sepia: await filters.sepia(original),
};
const time = performance.now() - start;
const { worstStall } = await loop.stop();
await filters.$terminate();

await mkdir(FOLDER, { recursive: true });
for (const [name, png] of Object.entries(files)) await writeFile(join(FOLDER, `${name}.png`), png);

printTable([
  ['file', 'bytes'],
  ...Object.entries(files).map(([name, png]) => [join(FOLDER, `${name}.png`), String(png.length)]),
]);
console.log(
  `\nThe filters took ${Math.round(time)} ms in the child; the longest stall here: ${Math.round(worstStall)} ms.`,
);
