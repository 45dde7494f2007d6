import { describeService, type Postgres, startPostgres } from '@ihandler/test-support/servers';
import { describeHandler } from '@ihandler/testkit';
import { afterAll, beforeAll, it } from 'vitest';
import logPostgres, { openAttackReader } from './index.ts';
import { canonicalForest } from './testing/canonical-forest.ts';

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  const schemas = new Map<string, string>();
  /** Each folder of the suite stands for a schema. */
  function urlOf(folder: string): string {
    const known = schemas.get(folder) ?? `suite_${schemas.size}`;
    schemas.set(folder, known);
    return `${server.url}?schema=${known}`;
  }

  describeHandler(it, (folder) => logPostgres({ url: urlOf(folder) }), {
    stored: (folder) => canonicalForest(openAttackReader(urlOf(folder))),
  });
});
