import { describe, it } from 'node:test';
import { describeHandler } from '../index.ts';
import { keeping, listening, storedIn } from './sound.ts';

/** What runs under `node --test`: see node-test.test.ts. */
describe('sound', () => describeHandler(it, keeping, { stored: (folder) => storedIn(folder).rows }));

describe('broken', () => describeHandler(it, () => ({ ...listening(''), name: 'logText' })));
