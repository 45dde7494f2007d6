import { base } from '../../tsup.base.js';

// The program of the threads of isolated handlers is a file of its own.
export default base({ entry: ['src/index.ts', 'src/isolation/worker.ts'] });
