import { join } from 'node:path';
import { describeHandler } from '@ihandler/testkit';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { bundleHandlers, type IsolatedHandlers } from '../support/isolation/isolated-handlers.ts';

let handlers: IsolatedHandlers;
beforeAll(async () => {
  handlers = await bundleHandlers(['log-text']);
});
afterAll(() => handlers.remove());

describe('log-text in a thread keeps the rules of a handler', () => {
  describeHandler(it, (folder) => handlers.create('log-text', { file: join(folder, 'a.log') }));
});
