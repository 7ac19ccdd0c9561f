import { checkTypes } from './check-types.js';

// Written in Go, and several times as fast as the others: types.long.test.ts asks those.
checkTypes('typescript-7');
