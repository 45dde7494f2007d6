import { base } from '../../tsup.base.js';

export default base({
  entry: ['src/index.ts', 'src/kit/index.ts'],
  dts: {
    compilerOptions: {
      ignoreDeprecations: '6.0',
      // The catalogue augments '@ihandler/core', which must resolve to the sources while there is no build yet.
      customConditions: ['@ihandler/source'],
    },
  },
});
