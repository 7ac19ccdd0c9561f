import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type DefaultTheme } from 'vitepress';
import { slug } from '../slug.js';

const map = readFileSync(fileURLToPath(new URL('../../docs/README.md', import.meta.url)), 'utf8');

export default defineConfig({
  title: 'procxy',
  description:
    'Runs an instance of a class in a child process, and gives you a typed object to use like the instance itself.',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/icon.svg' }]],
  srcDir: 'content',
  cleanUrls: true,
  lastUpdated: false,
  markdown: { anchor: { slugify: slug } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/docs/getting-started' },
      { text: 'What do you want to do?', link: '/docs/' },
      { text: 'API', link: '/api/' },
      { text: 'Examples', link: '/examples/' },
    ],
    sidebar: [...sections(), { text: 'API', items: [{ text: 'All public symbols', link: '/api/' }] }],
  },
});

/** The pages in the order of the page map, so that no page can be forgotten here. */
function sections(): DefaultTheme.SidebarItem[] {
  const list = map.slice(map.indexOf('## All pages'));
  return list
    .split(/^\*\*(.+)\*\*$/m)
    .slice(1)
    .reduce<DefaultTheme.SidebarItem[]>((all, part, index) => {
      if (index % 2 === 0) return [...all, { text: part, collapsed: all.length > 1 }];
      const links = [...part.matchAll(/^- \[(.+)\]\((.+)\.md\)$/gm)];
      const items = links.map(([, text = '', path = '']) => ({ text, link: `/docs/${path.replace(/README$/, '')}` }));
      return [...all.slice(0, -1), { ...all.at(-1), items }];
    }, []);
}
