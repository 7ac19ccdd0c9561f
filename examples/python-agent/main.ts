/** Uses a class of Python from TypeScript: `npx tsx examples/python-agent/main.ts`. */
import { procxy } from 'procxy';

/** What `word_index.py` has. */
interface WordIndex {
  /** How many words have been counted. */
  readonly words: number;
  add(text: string): number;
  most_common(count: number): [word: string, count: number][];
  count_of(word: string): number;
  keep(wanted: (word: string, count: number) => boolean | Promise<boolean>): WordIndex;
}
const WordIndex = class {} as unknown as new (shortest: number) => WordIndex;

const index = await procxy(WordIndex, { execPath: 'python3', agent: './word_index.py', enableCallbacks: true }, 2);

console.log(await index.add('To be, or not to be: that is the question.'));
console.log(await index.most_common(2));
console.log('words:', index.words);

try {
  await index.count_of('answer');
} catch (error) {
  console.log(String(error));
}

const same = await index.keep(async (word, count) => word.length > 2 || count > 1);
console.log(same === index, await index.most_common(9), 'words:', index.words);

await index.$terminate();
