import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Checks the prose of Markdown pages: `tsx tests/support/check-prose.ts README.md docs`.
 * It finds long sentences, long pages, and constructions that make readers stumble. Code and link targets are not prose.
 */

/** Words. */
const LONGEST_SENTENCE = 25;
/** Words, those of code and tables included. */
const LONGEST_PAGE = 1800;

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

export function checkPage(markdown: string): string[] {
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
  if (count > LONGEST_PAGE) problems.push(`${count} words, and a page has at most ${LONGEST_PAGE}: split it`);
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
    .flatMap((path) => checkPage(readFileSync(path, 'utf8')).map((problem) => `${relative('.', path)}, ${problem}`));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
}
