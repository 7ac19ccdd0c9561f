import { describe, expect, test } from 'vitest';
import { procxy } from 'procxy';
import { Recorder } from '../fixtures/recorder.js';

describe('in order', () => {
  test('calls start in the order in which they were made', async () => {
    await using recorder = await procxy(Recorder, '../fixtures/recorder.js');
    const numbers = Array.from({ length: 5000 }, (_, i) => i);
    await Promise.all(numbers.map((number) => recorder.record(number)));
    expect(await recorder.recorded()).toEqual(numbers);
  });

  test('results of synchronous methods arrive in that order too', async () => {
    await using recorder = await procxy(Recorder, '../fixtures/recorder.js');
    const arrived: number[] = [];
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    await Promise.all(numbers.map((number) => recorder.record(number).then(() => arrived.push(number))));
    expect(arrived).toEqual(numbers);
  });
});
