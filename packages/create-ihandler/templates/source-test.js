import { describe, it } from 'node:test';
import { describeSource } from '@ihandler/testkit';
import exampleNameFollow from './follow.js';
import exampleName from './source.js';

const start = Date.UTC(2026, 0, 1);

describe('example-name', () => {
  describeSource(it, {
    follow: (file) => exampleNameFollow({ file, poll: 1 }),
    read: (file) => exampleName({ file }),
    line: (n) =>
      JSON.stringify({ time: start + n * 1000, ip: '198.51.100.7', port: n, user: 'root', password: `${n}` }),
    numberOf: ({ timestamp }) => (timestamp - start) / 1000,
  });
});
