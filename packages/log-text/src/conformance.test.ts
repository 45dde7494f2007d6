import { join } from 'node:path';
import { describeHandler } from '@ihandler/testkit';
import { describe, it } from 'vitest';
import logText from './index.ts';

describe('log-text keeps the rules of a handler', () => {
  describeHandler(it, (folder) => logText({ file: join(folder, 'a.log') }));
});

describe('log-text with several logs that rotate constantly keeps the rules of a handler', () => {
  describeHandler(it, (folder) =>
    logText({
      logs: {
        all: { file: join(folder, 'all.log'), format: 'json', rotate: { maxSize: '1kB' } },
        some: { file: join(folder, 'some.log'), levels: 'warning', format: 'dionaea' },
      },
    }),
  );
});
