import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The pages that users read, and the links between them. */

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Paths relative to the repository, with slashes. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join('docs', ...name.split(/[\\/]/)))
    .toSorted(),
];

/** Pages whose programs need packages that are not installed here. Tests that install these run the programs. */
export const pagesWithPackages: readonly string[] = [
  'docs/dependency-injection.md',
  'docs/recipes/database.md',
  'docs/recipes/moving-from-comlink.md',
  'docs/recipes/moving-from-piscina.md',
  'docs/recipes/moving-from-workerpool.md',
];

export interface Link {
  /** The link as it is written. */
  target: string;
  /** The file that it leads to, relative to the repository. `undefined` for another site. */
  path: string | undefined;
  /** Without `#`. Empty if there is none. */
  anchor: string;
}

export function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** The links and images of a page, or of its part from `from` on. */
export function linksOf(page: string, from = ''): Link[] {
  const text = textOf(page);
  const prose = withoutCode(text.slice(text.indexOf(from)));
  const targets = [
    ...prose.matchAll(/\[(?:[^[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)/g),
    ...prose.matchAll(/^\[[^\]]+\]: (\S+)/gm),
    ...prose.matchAll(/(?:src|srcset|href)="([^"]+)"/g),
  ];
  return targets.map(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return { target, path: undefined, anchor: '' };
    const [path = '', anchor = ''] = target.split('#');
    return { target, path: path === '' ? page : posix.join(posix.dirname(page), path), anchor };
  });
}

/** Lists the anchors of a page: its headings, in the form that GitHub gives them, and elements with an id. */
export function anchorsOf(page: string): Set<string> {
  const prose = withoutCode(textOf(page));
  const anchors = new Set([...prose.matchAll(/\bid="([^"]+)"/g)].map(([, id = '']) => id));
  for (const [, heading = ''] of prose.matchAll(/^#+ (.*)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\-_ ]/gu, '')
      .replaceAll(' ', '-');
    let unique = slug;
    for (let n = 1; anchors.has(unique); n++) unique = `${slug}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}

export function titleOf(page: string): string {
  return /^# (.*)$/m.exec(textOf(page))?.[1] ?? '';
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[^]*?^```/gm, '');
}
