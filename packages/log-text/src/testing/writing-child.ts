import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { failureKind, type HandlerContext, silentLog } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import { exampleOrigins } from '@ihandler/testkit';
import logText from '../handler.ts';
import { numbered } from './numbered.ts';

// A process that tests kill or limit in disk space. It writes numbered incidents and prints its progress. When a batch fails,
// it prints the reason, waits for a line on its standard input, reopens the log and retries the batch.
const [options = '{}', first = '1', count = '0', size = '50'] = process.argv.slice(2);
const handler = logText(JSON.parse(options));
const context: HandlerContext = {
  instance: 'log-text',
  sensor: 'pot',
  dataDir: '.',
  durable: true,
  signal: new AbortController().signal,
  log: silentLog,
  origins: createOrigins([exampleOrigins]),
  state: { get: () => undefined, set: () => undefined },
  now: Date.now,
  fetch: globalThis.fetch,
  async report() {},
};
const input = createInterface({ input: process.stdin });

async function write(from: number): Promise<void> {
  const batch = numbered(from, Math.min(Number(size), Number(count) - from + 1));
  for (;;)
    try {
      await handler.write(batch, {}, context);
      writeSync(1, `${from + batch.length - 1}\n`);
      return;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : error;
      const again = once(input, 'line');
      writeSync(1, `failed ${code} ${failureKind(error)}\n`);
      await again;
      await handler.reopen?.();
    }
}

await handler.start?.(context);
for (let from = Number(first); from <= Number(count); from += Number(size)) await write(from);
await handler.close?.();
input.close();
