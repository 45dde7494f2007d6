import { base } from '../../tsup.base.js';

export default base({ entry: ['src/index.ts', 'src/http.ts', 'src/follow.ts', 'src/database.ts'] });
