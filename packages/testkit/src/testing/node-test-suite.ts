import { describe, it } from 'node:test';
import { describeHandler } from '../index.ts';
import { keeping, listening, storedIn } from './sound.ts';

/** The suite that node-test.test.ts runs under `node --test`. */
describe('sound', () => describeHandler(it, keeping, { stored: (folder) => storedIn(folder).rows }));

describe('broken', () => describeHandler(it, () => ({ ...listening(''), name: 'logText' })));
