import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteParser, type Parser } from '../../src/process-proxy/byte-parser.js';

function* readTexts(onText: (text: string) => void): Parser<never> {
  for (;;) {
    const length = (yield 1)[0] ?? 0;
    onText((yield length).toString('latin1'));
  }
}

test('a parser receives exactly the bytes that it asks for, whatever the chunks are', () => {
  const text = fc.string({ unit: 'binary-ascii', maxLength: 20 });
  fc.assert(
    fc.property(fc.array(text), fc.array(fc.integer({ min: 1, max: 30 })), (texts, sizes) => {
      const bytes = Buffer.concat(texts.map((each) => Buffer.from([each.length, ...Buffer.from(each, 'latin1')])));
      const found: string[] = [];
      const parser = new ByteParser(readTexts((each) => found.push(each)));
      let at = 0;
      for (const size of [...sizes, bytes.length]) {
        parser.feed(bytes.subarray(at, at + size));
        at += size;
      }
      expect(found).toEqual(texts);
    }),
  );
});

test('the error of a parser reaches the caller that feeds it', () => {
  const parser = new ByteParser(
    (function* (): Parser<never> {
      yield 2;
      throw new RangeError('wrong bytes');
    })(),
  );
  parser.feed(Buffer.from([1]));
  expect(() => parser.feed(Buffer.from([2]))).toThrow('wrong bytes');
});
