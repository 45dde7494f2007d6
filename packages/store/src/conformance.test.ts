import { join } from 'node:path';
import { describeHandler } from '@ihandler/testkit';
import { it } from 'vitest';
import store from './index.ts';

describeHandler(it, (folder) => store({ sampleFolders: [join(folder, 'binaries')] }));
