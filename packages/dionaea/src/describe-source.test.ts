import { describeSource } from '@ihandler/testkit';
import { describe, it } from 'vitest';
import dionaeaFollow from './follow/source.ts';
import dionaea from './index.ts';
import { incidentLine } from './testing/follow-world.ts';

describe('the sources for log_incident', () => {
  describeSource(it, {
    follow: (file) => dionaeaFollow({ file, poll: '1ms' }),
    read: (file) => dionaea({ file }),
    line: (n) => incidentLine(n).trimEnd(),
    numberOf: ({ data }) => Number(String(data['url']).slice('http://192.0.2.1/'.length)),
  });
});
