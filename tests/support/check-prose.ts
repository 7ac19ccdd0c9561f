import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Checks the prose of Markdown pages: `tsx tests/support/check-prose.ts README.md docs`.
 * It finds long sentences, long pages, and constructions that make readers stumble. Code and link targets are not prose.
 */

/** Words. */
const LONGEST_SENTENCE = 25;
/** Words, those of code and tables included. */
const LONGEST_PAGE = 1500;
/** The same, for the reference and for pages that have a reason. */
const LONGEST_REFERENCE = 1800;

/** Pages outside the reference that may be as long as one of it, and why. */
export const longerPages: Readonly<Record<string, string>> = {
  'docs/lifecycle.md':
    'the start, the end and the restart of a child are one story, and each step refers to the others',
  'docs/protocol.md': 'an author of an agent needs the whole protocol in one place',
  'docs/references.md': 'it has a section for each way of using a reference, which readers look up',
  'docs/reliability.md': 'a list of results, one section for each command, which readers look up',
};

/** Constructions that are not plain English, and what to write instead. */
const habits: [RegExp, string][] = [
  [/^(?:What|Who|Whoever|Whatever|Those)\b(?!.*\?$)/, 'begin with the thing itself'],
  [/\b(?:whoever|that which)\b/i, 'name the person or the part'],
  [/\bthose (?:of|that|which|who|with|in)\b/i, 'repeat the noun'],
  [/\b(?:that|which) (?:is|are) none\b/i, 'write "that is not a …"'],
  [
    /(?<!\bthere )\b(?:is|are|was|were|be) no (?!longer\b|more\b|less\b|fewer\b|better\b|different\b)\w/i,
    'write "is not a …"',
  ],
  [/^Or (?:one|it|that|those)\b/, 'write a whole sentence'],
  [/\bjust (?:\w+ing)\b/i, 'write "still …ing"'],
  [/\bso many (?!that\b)/i, 'write "up to n"'],
  [/\banew\b/i, 'write "again", or a verb with "re-"'],
  [/\b(?:is|are|was|were) let\b/i, 'write "may" or "can"'],
  [/\b(?:has|have|had) not to\b/i, 'write "does not have to"'],
  [/\b(?:is|are|was|were) told\b/i, 'say who gets which error, event or warning'],
  [/\bcomes? so\b/i, 'write "arrives like this"'],
  [/\b(?:stands?|stood)\b/i, 'write "is"'],
  [/\bin silence\b/i, 'write "silently"'],
  [/\bover (?:here|there)\b/i, 'name the process'],
];

/** A paragraph, a list item, a heading or a cell of a table, with inline code as one word. */
interface Block {
  line: number;
  text: string;
}

/** @param path relative to the repository, with slashes */
export function checkPage(markdown: string, path = ''): string[] {
  const problems: string[] = [];
  for (const { line, text } of readProse(markdown)) {
    for (const sentence of text.split(/(?<=[.!?][")*_]*)\s+/)) {
      const count = countWords(sentence);
      if (count > LONGEST_SENTENCE) problems.push(`line ${line}: a sentence of ${count} words: ${sentence}`);
      for (const [habit, remedy] of habits) {
        const found = habit.exec(sentence);
        if (found) problems.push(`line ${line}: "${found[0].trim()}" (${remedy}): ${sentence}`);
      }
    }
  }
  const count = countWords(markdown);
  const mayBeLong = path.startsWith('docs/reference/') || path in longerPages;
  const limit = mayBeLong ? LONGEST_REFERENCE : LONGEST_PAGE;
  if (count > limit) problems.push(`${count} words, and this page has at most ${limit}: split it`);
  return problems;
}

function readProse(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  let inCode = false;
  for (const [index, line] of markdown.split('\n').entries()) {
    if (/^\s*```/.test(line)) inCode = !inCode;
    const begins = /^\s*(?:[-*]|\d+\.|#+|\|)\s/.test(line);
    if (begins || inCode || /^\s*(?:$|```|<|---|\[[^\]]+\]: )/.test(line)) open = undefined;
    if (inCode || /^\s*(?:$|```|<|---|\[[^\]]+\]: )/.test(line)) continue;
    if (line.startsWith('|')) {
      for (const cell of line.split(/(?<!\\)\|/)) blocks.push({ line: index + 1, text: plain(cell) });
    } else if (!line.startsWith('#')) {
      if (open) open.text = `${open.text} ${plain(line)}`;
      else blocks.push((open = { line: index + 1, text: plain(line.replace(/^\s*(?:[-*]|\d+\.)\s/, '')) }));
    }
  }
  return blocks;
}

/** A line without markup. */
function plain(line: string): string {
  return line
    .replace(/`[^`]*`/g, 'code')
    .replace(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])?/g, '$1')
    .replace(/\*\*|\b_|_\b/g, '')
    .trim();
}

function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

function checkFile(path: string): string[] {
  return checkPage(readFileSync(path, 'utf8'), path).map((problem) => `${path}, ${problem}`);
}

function pagesOf(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(path, name))
    .toSorted();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = process.argv
    .slice(2)
    .flatMap(pagesOf)
    .flatMap((path) => checkFile(relative('.', path).replaceAll(sep, '/')));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
}
