import { readFileSync } from 'node:fs';
import { createDispatcher, createMemoryJournal, defineHandler } from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import jsonLines from '@ihandler/json-lines';
import { recording } from '@ihandler/test-support/recordings';
import { exampleOrigins } from '@ihandler/testkit';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/regressions/hosting.ts';

const heard: string[] = [];
const seen = defineHandler({
  name: 'seen',
  on: {
    'role:login': ({ facts, origin }) => {
      heard.push(`${origin.split('.')[0]} login ${facts.username}`);
    },
    'role:capture': ({ facts, origin }) => {
      heard.push(`${origin.split('.')[0]} capture ${facts.md5}`);
    },
  },
});

/** The lines of a recording, parsed by nothing of ours. */
function linesOf(name: string): readonly Record<string, never>[] {
  const lines = readFileSync(recording(name), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

it('a handler of a few lines hears the logins and captures of every sensor', async () => {
  const [own, foreign] = ['dionaea-a/log_incident.ndjson', 'opencanary/opencanary.log'];
  const sources = [dionaea({ file: recording(own) }), jsonLines({ file: recording(foreign) })];
  const dispatcher = createDispatcher({
    journal: createMemoryJournal(),
    handlers: [{ handler: seen }],
    origins: [exampleOrigins, ...sources.flatMap(({ origins }) => origins ?? [])],
    sensor: 'hub',
    dataDir: temporaryFolder(),
  });
  await dispatcher.start();
  for (const source of sources) await dispatcher.run(source);
  await dispatcher.drain();
  await dispatcher.close();

  type Line = { readonly origin: string; readonly data: Record<string, string> };
  const dionaeas = linesOf(own) as unknown as readonly Line[];
  const logins = dionaeas.filter(({ origin }) => /(?:ftp|mysql|mssql)\.login$/.test(origin));
  const captures = dionaeas.filter(({ origin }) => origin.endsWith('.complete.hash'));
  type Canary = { readonly logdata: Record<string, string | null> };
  const canaries = (linesOf(foreign) as unknown as readonly Canary[]).filter(
    ({ logdata }) => 'USERNAME' in logdata,
  );
  expect(logins.length + captures.length).toBeGreaterThan(3);
  expect(canaries.length).toBeGreaterThan(5);
  const of = (sensor: string, what: string) => heard.filter((line) => line.startsWith(`${sensor} ${what} `));
  expect(of('dionaea', 'login')).toEqual(logins.map(({ data }) => `dionaea login ${data['username']}`));
  expect(of('dionaea', 'capture')).toEqual(captures.map(({ data }) => `dionaea capture ${data['md5hash']}`));
  const named = of('opencanary', 'login').filter((line) => !line.endsWith(' undefined'));
  expect(named.sort()).toEqual(
    canaries
      .flatMap(({ logdata }) =>
        logdata['USERNAME'] === null ? [] : [`opencanary login ${logdata['USERNAME']}`],
      )
      .sort(),
  );
});
