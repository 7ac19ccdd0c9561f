import { checkTypes } from './check-types.js';

for (const compiler of ['typescript', 'typescript-6']) checkTypes(compiler);
