/**
 * Collects the pages of the site in `site/content`: the README, `docs/`, the examples, and the reference that typedoc makes from the doc
 * comments. The pages are the same files that readers find in the package, with their links adapted.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join, posix } from 'node:path';
import { Application, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import { entries, root } from './entries.js';

const content = join(root, 'site', 'content');

/** The languages of fenced code, by file extension. */
const languages: Record<string, string> = {
  '.js': 'js',
  '.mjs': 'js',
  '.ts': 'ts',
  '.py': 'python',
  '.json': 'json',
  '.yaml': 'yaml',
};

await rm(content, { recursive: true, force: true });
await mkdir(join(content, 'public'), { recursive: true });
await writePage('index.md', await adapted('README.md'));
await writePage('license.md', `# License\n\n${await textOf('LICENSE')}`);
for (const file of await readdir(join(root, 'docs'), { recursive: true })) {
  const path = posix.join('docs', ...file.split(/[\\/]/));
  if (path.endsWith('.md')) await writePage(pageOf(path), await adapted(path));
  else if (path.endsWith('.svg')) await copyFile(join(root, path), join(content, 'public', posix.basename(path)));
}
await copyFile(join(root, 'site', 'icon.svg'), join(content, 'public', 'icon.svg'));
await writeExamples();
await writeReference();

/** Returns where a Markdown file of the repository is on the site: a README is the index of its folder. */
function pageOf(path: string): string {
  return path.replace(/(^|\/)README\.md$/, '$1index.md');
}

async function adapted(path: string): Promise<string> {
  const text = await textOf(path);
  const parts = text.split(/^(```[^]*?^```$)/m);
  return parts.map((part, index) => (index % 2 === 1 ? part : withLinks(part, path))).join('');
}

function withLinks(markdown: string, from: string): string {
  return markdown
    .replace(/(?<=\]\()([^)\s]+)(?=\))/g, (target) => linkTo(target, from))
    .replace(/(?<=(?:src|srcset|href)=")([^"]+)(?=")/g, (target) => linkTo(target, from));
}

/** Returns a link of the page `from` as an absolute path of the site. Links to other sites, and to the page itself, stay. */
function linkTo(target: string, from: string): string {
  if (/^(?:[a-z]+:|#)/.test(target)) return target;
  const [path = '', anchor] = target.split('#');
  const file = posix.join(posix.dirname(from), path);
  const suffix = anchor === undefined ? '' : `#${anchor}`;
  if (file === 'LICENSE') return '/license';
  if (file.endsWith('.svg')) return `/${posix.basename(file)}`;
  if (file.startsWith('examples/')) return `/examples/${file.split('/')[1]?.replace(/\.\w+$/, '')}${suffix}`;
  return `/${pageOf(file)
    .replace(/\.md$/, '')
    .replace(/(^|\/)index$/, '$1')}${suffix}`;
}

/** Writes a page for each example, with all its files. */
async function writeExamples(): Promise<void> {
  const folder = join(root, 'examples');
  await writePage('examples/index.md', await adapted('examples/README.md'));
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name === 'README.md') continue;
    const files = entry.isDirectory()
      ? (await readdir(join(folder, entry.name), { recursive: true, withFileTypes: true }))
          .filter((file) => file.isFile())
          .map((file) => join(file.parentPath, file.name))
          .toSorted()
      : [join(folder, entry.name)];
    const blocks = await Promise.all(files.map((file) => showFile(file, folder)));
    const name = entry.name.replace(/\.\w+$/, '');
    await writePage(`examples/${name}.md`, `# ${name}\n\n${blocks.join('\n\n')}\n`);
  }
}

async function showFile(file: string, folder: string): Promise<string> {
  const language = languages[extname(file)] ?? 'txt';
  const name = file.slice(folder.length + 1);
  return `## ${name}\n\n\`\`\`\`${language}\n${(await readFile(file, 'utf8')).trimEnd()}\n\`\`\`\``;
}

/** Makes the reference of all public symbols from the doc comments. */
async function writeReference(): Promise<void> {
  const options: TypeDocOptions & Partial<PluginOptions> = {
    entryPoints: [...entries.values()],
    tsconfig: join(root, 'tsconfig.json'),
    out: join(content, 'api'),
    plugin: ['typedoc-plugin-markdown'],
    readme: 'none',
    // `npm run check` has compiled them.
    skipErrorChecking: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableSources: true,
    entryFileName: 'index',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    expandObjects: true,
    logLevel: 'Warn',
  };
  const application = await Application.bootstrapWithPlugins(options);
  const project = await application.convert();
  if (!project) throw new Error('typedoc could not read the sources.');
  await application.generateOutputs(project);
}

async function writePage(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(content, path)), { recursive: true });
  await writeFile(join(content, path), text);
}

function textOf(path: string): Promise<string> {
  return readFile(join(root, path), 'utf8');
}
