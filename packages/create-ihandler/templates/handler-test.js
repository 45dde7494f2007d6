import { describe, it } from 'node:test';
import { describeHandler } from '@ihandler/testkit';
import exampleName from './handler.js';

describe('example-name', () => {
  describeHandler(it, () => exampleName({ url: 'http://127.0.0.1:8080/' }));
});
