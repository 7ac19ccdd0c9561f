/**
 * A child searches the files of node_modules. Its hits arrive one by one, and the search ends when there are enough of them, or when
 * the time is up, whichever comes first.
 *
 *     node examples/cancellable-search/main.js                      10 hits for "abort", at most 3000 ms
 *     node examples/cancellable-search/main.js WORD HITS MS
 */
import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { procxy } from 'procxy';
import { FileSearch } from './file-search.js';

const FOLDER = fileURLToPath(new URL('../../node_modules', import.meta.url));
const MAX_TEXT = 60;
const [word = 'abort', limit = '10', ms = '3000'] = process.argv.slice(2);

const search = await procxy(FileSearch, './file-search.js');
const signal = AbortSignal.timeout(Number(ms));

let found = 0;
let end = 'All files were searched.';
try {
  // $with ends the loop at once, the argument ends the search.
  for await (const { file, line, text } of search.$with({ signal }).find(FOLDER, word, { signal })) {
    found++;
    console.log(`${relative(FOLDER, file)}:${line}: ${text.slice(0, MAX_TEXT)}`);
    if (found < Number(limit)) continue;
    end = 'That is enough.';
    break;
  }
} catch (error) {
  if (error !== signal.reason) throw error;
  end = 'The time is up.';
}
console.log(`${end} ${found} hits.`);

while (await search.$get('searching')) await sleep(1);
const files = await search.$get('files');
await sleep(100);
console.log(`${files} files were read, and ${(await search.$get('files')) - files} after the end.`);
await search.$terminate();
