/**
 * A child reads every file of a folder and reports how far it has come by calling a function of this process.
 *
 *     node examples/progress/main.js             of this repository's node_modules/typescript
 *     node examples/progress/main.js FOLDER      of another folder
 */
import { fileURLToPath } from 'node:url';
import { procxy } from 'procxy';
import { ProgressDisplay } from '../progress-display.js';
import { Checksum } from './checksum.js';

const FOLDER = process.argv[2] ?? fileURLToPath(new URL('../../node_modules/typescript', import.meta.url));

const checksum = await procxy(Checksum, './checksum.js', { enableCallbacks: true });
const display = new ProgressDisplay('SHA-256');
const { files, bytes, sha256 } = await checksum.of(FOLDER, (done, total) => display.progress(done, total));
display.end();
await checksum.$terminate();

console.log(`${files} files, ${bytes} bytes: ${sha256}`);
