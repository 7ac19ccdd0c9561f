/**
 * A page is parsed in a child process, and walked from here: elements stay in the child, and this process has references to them.
 *
 *     node examples/dom/main.js            a built-in page
 *     node examples/dom/main.js page.html
 */
import { readFile } from 'node:fs/promises';
import { procxy } from 'procxy';
import { Pages } from './pages.js';

const PAGE = `<!doctype html>
<title>Birds</title>
<h1>Birds</h1>
<h2 id="owls">Owls</h2><p>They hunt <a href="/night">at night</a>.</p>
<h2 id="swifts">Swifts</h2><p>They sleep <a href="/air">in the air</a>.</p>`;

const html = process.argv[2] === undefined ? PAGE : await readFile(process.argv[2], 'utf8');

const pages = await procxy(Pages, { enableReferences: true });
const document = await pages.parse(html);
console.log(await document.$get('title'));

// The elements of a list cross one by one, each as a reference.
for await (const heading of document.querySelectorAll('h1, h2, h3')) {
  const level = Number((await heading.$get('tagName')).slice(1));
  console.log(`${'  '.repeat(level)}${await heading.$get('textContent')}`);
  heading.$release();
}

// A chain of calls is one round trip.
const link = await document.querySelector('body').querySelector('a');
if (link) {
  console.log(`first link: ${await link.getAttribute('href')}`);
  // The same element is the same reference, whichever way leads to it.
  const parent = await link.$get('parentNode');
  console.log(`within its paragraph: ${await parent.contains(link)}, ${(await parent.querySelector('a')) === link}`);
}

const { importedClasses } = (await pages.$stats()).parent;
console.log('references:', importedClasses);
await pages.$terminate();
