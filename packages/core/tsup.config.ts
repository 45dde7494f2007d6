import { base } from '../../tsup.base.js';

export default base({
  entry: ['src/index.ts', 'src/kit/index.ts', 'src/origins/index.ts'],
  dts: {
    compilerOptions: {
      ignoreDeprecations: '6.0',
      // The catalogue augments '@ihandler/core', which must resolve to the sources before the first build.
      customConditions: ['@ihandler/source'],
    },
  },
});
