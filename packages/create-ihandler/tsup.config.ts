import { base } from '../../tsup.base.js';

export default base({ entry: ['src/main.ts'], dts: false });
