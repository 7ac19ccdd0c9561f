import { expect, test } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import { checkDescription } from '../../src/parent/description.js';

const sound = {
  methods: ['run'],
  unmirrored: [['map', 'a Map']],
  disposable: false,
  emitter: true,
  symbols: ['iterator'],
};

test('a valid description is accepted, without fields that are unknown', () => {
  expect(checkDescription({ ...sound, more: 'of a later version' })).toEqual(sound);
});

test('an agent of another language does not have to list symbols', () => {
  expect(checkDescription({ ...sound, symbols: undefined })).toEqual({ ...sound, symbols: [] });
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['text', 'Worker'],
  ['no methods', { ...sound, methods: undefined }],
  ['a method that is a number', { ...sound, methods: ['run', 5] }],
  ['methods that are text', { ...sound, methods: 'run' }],
  ['a property without a reason', { ...sound, unmirrored: [['map']] }],
  ['a reason that is an object', { ...sound, unmirrored: [['map', {}]] }],
  ['a property that is no name', { ...sound, unmirrored: [[5, 'a Map']] }],
  ['a word in place of a truth', { ...sound, disposable: 'yes' }],
  ['a symbol that nobody knows', { ...sound, symbols: ['species'] }],
  ['a symbol of every object', { ...sound, symbols: ['constructor'] }],
  ['a symbol itself', { ...sound, symbols: [Symbol.iterator] }],
  ['no word of whether it emits', { ...sound, emitter: undefined }],
])('%s breaks the protocol', (_name, reply) => {
  expect(() => checkDescription(reply)).toThrow(ProtocolError);
});
