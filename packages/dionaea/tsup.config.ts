import { base } from '../../tsup.base.js';

export default base({
  entry: [
    'src/index.ts',
    'src/origins/index.ts',
    'src/http/source.ts',
    'src/follow/source.ts',
    'src/live-database/source.ts',
    'src/setup/sensor.ts',
  ],
});
