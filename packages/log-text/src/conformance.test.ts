import { join } from 'node:path';
import { describeHandler } from '@ihandler/testkit';
import { describe, it } from 'vitest';
import logText from './index.ts';

describe('the text log keeps the rules of a handler', () => {
  describeHandler(it, (folder) => logText({ file: join(folder, 'a.log') }));
});

describe('several logs that are rotated all the time keep them too', () => {
  describeHandler(it, (folder) =>
    logText({
      logs: {
        all: { file: join(folder, 'all.log'), format: 'json', rotate: { size: '1kB' } },
        some: { file: join(folder, 'some.log'), levels: 'warning', format: 'dionaea' },
      },
    }),
  );
});
