import { describe, expect, test } from 'vitest';
import { checkPage } from '../support/check-prose.js';

const words = (count: number): string => Array.from({ length: count }, (_, n) => `word${n}`).join(' ');

describe('the check of prose finds', () => {
  test('a sentence of more than 25 words, however its lines are broken', () => {
    expect(checkPage(`One. ${words(25)}.\n`)).toEqual([]);
    expect(checkPage(`One.\n${words(13)}\n${words(13)}.\n`)).toEqual([
      expect.stringContaining('a sentence of 26 words'),
    ]);
  });

  test('no long sentence where two end with code, a quotation or a bracket', () => {
    expect(checkPage(`${words(20)} \`a.b()\`. \`c\` ${words(20)} (or so.) It ${words(20)}.\n`)).toEqual([]);
  });

  test('a long sentence in a list and in a table', () => {
    expect(checkPage(`- ${words(26)}\n- ${words(20)}\n`)).toHaveLength(1);
    expect(checkPage(`| a | b |\n| - | - |\n| ${words(26)} | ${words(20)} |\n`)).toHaveLength(1);
  });

  test('a page of more than 1,500 words, or 1,800 in the reference and with a reason', () => {
    const paragraph = `${words(20)}.\n\n`;
    expect(checkPage(paragraph.repeat(75), 'docs/guide.md')).toEqual([]);
    expect(checkPage(paragraph.repeat(75) + 'One.', 'docs/guide.md')).toEqual([expect.stringContaining('1501 words')]);
    for (const page of ['docs/reference/options.md', 'docs/protocol.md']) {
      expect(checkPage(paragraph.repeat(90), page)).toEqual([]);
      expect(checkPage(paragraph.repeat(90) + 'One.', page)).toEqual([expect.stringContaining('1801 words')]);
    }
  });

  for (const sentence of [
    'What fails is reported.',
    'Who waits gets an error.',
    'The caller is whoever wrote it.',
    'It is faster than those of a pool.',
    'A function, and one that is none.',
    'It is no `Map`.',
    'Or one was set.',
    'It is just loading.',
    'It stops after so many messages.',
    'The child is made anew.',
    'The child is let read.',
    'You have not to wait.',
    'The child is told.',
    'An error comes so.',
    'The limit stands in the options.',
    'Nothing is lost in silence.',
    'It runs over there.',
  ]) {
    test(`"${sentence}"`, () => expect(checkPage(`Fine.\n${sentence}\n`)).toHaveLength(1));
  }

  test('nothing in plain English, code and headings', () => {
    const page = [
      '## What can cross',
      'There is no limit. It is no longer open. What happens then? "Those" is a word.',
      '- [Understand](whoever.md) the `anew` option.',
      '```js',
      '// What stands here is code.',
      '```',
    ];
    expect(checkPage(page.join('\n\n'))).toEqual([]);
  });
});
