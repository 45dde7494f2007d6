import type { Incident } from '@ihandler/core';
import { DAY } from '@ihandler/core/kit';
import { stream } from '@ihandler/test-support/attacks';
import { describeService, type Postgres, startPostgres } from '@ihandler/test-support/servers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { query } from '../testing/query.ts';
import { freshSchema, startHandler } from '../testing/start-handler.ts';

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  const withStream = (incident: Incident, name: (stream: string, ordinal: string) => string): Incident => {
    const [stream = '', ordinal = ''] = incident.id.split(':');
    return { ...incident, id: `${name(stream, ordinal)}:${ordinal}` };
  };
  const retried = (incident: Incident) => withStream(incident, (name, ordinal) => `${name}~${ordinal}`);
  const copied = (incident: Incident) => withStream(incident, (name) => `${name}~copy.db.offers.0`);
  const urls = async (schema: string) =>
    (
      await query<{ url: string }>(server.url, `SELECT offer_url AS url FROM ${schema}.offers ORDER BY offer`)
    ).map(({ url }) => url);
  const ids = async (schema: string) =>
    (await query<{ n: number }>(server.url, `SELECT count(*)::int AS n FROM ${schema}.ihandler_ids`))[0]?.n;

  const forms = { original: (incident: Incident) => incident, retried, copied };
  it.each(
    (['original', 'retried', 'copied'] as const).flatMap((first) =>
      (['original', 'retried', 'copied'] as const).map((second) => [first, second] as const),
    ),
  )('log-postgres stores an incident once that arrives %s and then %s', async (first, second) => {
    const schema = freshSchema();
    const handler = await startHandler({ url: server.url, schema });
    const { accept, offer } = stream();
    const [announced, one, two] = [accept('a'), offer('a', 'http://1/'), offer('a', 'http://2/')];
    await handler.write([announced, forms[first](one)]);
    await handler.write([forms[second](one), two]);
    await handler.write([forms[second](one), copied(two)]);
    expect(await urls(schema)).toEqual(['http://1/', 'http://2/']);
    await handler.write([copied(one), retried(one), one]);
    expect(await urls(schema)).toHaveLength(2);
  });

  it('log-postgres stores each of several forms in one batch once', async () => {
    const schema = freshSchema();
    const { write } = await startHandler({ url: server.url, schema });
    const { accept, offer } = stream();
    const one = offer('a', 'http://1/');
    await write([accept('a'), retried(one), copied(one), one]);
    expect(await urls(schema)).toEqual(['http://1/']);
  });

  it('log-postgres stores a dead letter that is retried after later ids of its stream have been removed', async () => {
    const schema = freshSchema();
    const first = await startHandler({ url: server.url, schema });
    const { accept, offer } = stream();
    const [announced, dead, later] = [accept('a'), offer('a', 'http://dead/'), offer('a', 'http://later/')];
    await first.write([announced, later]);
    await first.close?.();
    const { write } = await startHandler({ url: server.url, schema }, { now: () => Date.now() + 40 * DAY });
    await vi.waitFor(async () => expect(await ids(schema)).toBe(0), { timeout: 10_000 });
    await write([retried(dead), copied(dead)]);
    await write([retried(dead), dead, copied(dead)]);
    expect(await urls(schema)).toEqual(['http://later/', 'http://dead/']);
  });

  it('log-postgres recognises a copy of a dead letter that an earlier version stored', async () => {
    const schema = freshSchema();
    const { write } = await startHandler({ url: server.url, schema });
    const { accept, offer } = stream();
    const one = offer('a', 'http://1/');
    await write([accept('a'), retried(one)]);
    // Earlier versions recorded only the id of the retried letter: the later one of two entries.
    await query(
      server.url,
      `DELETE FROM ${schema}.ihandler_ids WHERE ordinal = ${one.id.split(':')[1]} AND ctid = (
        SELECT min(ctid) FROM ${schema}.ihandler_ids WHERE ordinal = ${one.id.split(':')[1]})`,
    );
    await write([copied(one)]);
    expect(await urls(schema)).toEqual(['http://1/']);
  });
});
