import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDispatcher, createMemoryJournal } from '@ihandler/core';
import { exampleOrigins } from '@ihandler/testkit';
import { expect, it } from 'vitest';
import logText, { type LogOptions } from './handler.ts';
import { incidentOf } from './testing/numbered.ts';
import { startLog, temporaryFolder } from './testing/started.ts';

const origins = [
  'dionaea.connection.free', // debug
  'dionaea.connection.tcp.accept', // info
  'dionaea.download.complete.unique', // warning
  'acme.thing.seen', // info, like every origin outside the catalogue
];
const batch = origins.map((origin, index) => incidentOf(index + 1, origin));

function originsIn(file: string): readonly string[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => line.split(' ')[2]?.replace(/-\w+:$/, '') ?? '');
}

it.each<[Omit<LogOptions, 'file'>, readonly number[]]>([
  [{}, [0, 1, 2, 3]],
  [{ levels: 'all' }, [0, 1, 2, 3]],
  [{ levels: 'all,-debug' }, [1, 2, 3]],
  [{ levels: 'all, -debug, -info' }, [2]],
  [{ levels: ['info', 'debug'] }, [0, 1, 3]],
  [{ levels: 'warning,error' }, [2]],
  [{ levels: 'critical' }, []],
  [{ domains: '*' }, [0, 1, 2, 3]],
  [{ domains: 'dionaea.connection.*' }, [0, 1]],
  [{ domains: 'dionaea.*.fr??' }, [0]],
  [{ domains: 'dionaea.connection.free,acme.*' }, [0, 3]],
  [{ domains: ['dionaea.connection.free', 'acme.*'] }, [0, 3]],
  [{ domains: '*.ACCEPT' }, []],
  [{ levels: 'all,-debug', domains: 'dionaea.connection.*' }, [1]],
])('the filter %j passes %j', async (filters, expected) => {
  const file = join(temporaryFolder(), 'a.log');
  const log = await startLog({ file, ...filters });
  await log.write(batch);
  await log.write([]);
  expect(originsIn(file)).toEqual(expected.map((index) => origins[index]));
});

it('incidents that no filter passes count as filtered, not as delivered', async () => {
  const folder = temporaryFolder();
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [
      {
        handler: logText({
          logs: {
            errors: { file: join(folder, 'errors.log'), levels: 'warning' },
            frees: { file: join(folder, 'frees.log'), domains: '*.free' },
          },
        }),
      },
    ],
    sensor: 'pot',
    dataDir: folder,
  });
  await dispatcher.start();
  await dispatcher.report(batch);
  expect(await dispatcher.drain()).toEqual([]);
  expect(dispatcher.status()).toMatchObject([{ counts: { delivered: 2, filtered: 2 }, pending: 0 }]);
  await dispatcher.close();
  expect(originsIn(join(folder, 'errors.log'))).toEqual(['dionaea.download.complete.unique']);
  expect(originsIn(join(folder, 'frees.log'))).toEqual(['dionaea.connection.free']);
});

it('several logs have their own filters, formats and files', async () => {
  const folder = temporaryFolder();
  const log = await startLog({
    logs: {
      default: { file: join(folder, 'all.log'), levels: 'all,-debug' },
      errors: { file: join(folder, 'errors.log'), levels: 'warning,error,critical', template: '{origin}' },
      accepts: { file: join(folder, 'accepts.json'), domains: '*.accept', format: 'json' },
    },
  });
  await log.write(batch);
  expect(originsIn(join(folder, 'all.log'))).toEqual(origins.slice(1));
  expect(readFileSync(join(folder, 'errors.log'), 'utf8')).toBe('dionaea.download.complete.unique\n');
  expect(JSON.parse(readFileSync(join(folder, 'accepts.json'), 'utf8')).id).toBe('s:2');
});
