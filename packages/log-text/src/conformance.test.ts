import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeHandler } from '@ihandler/testkit';
import { afterAll, describe, it } from 'vitest';
import logText from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ihandler-log-text-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the text log keeps the rules of a handler', () => {
  describeHandler(it, () => logText({ file: join(folder, 'a.log') }));
});
