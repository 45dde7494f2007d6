import { expect, expectTypeOf, test } from 'vitest';
import type { CatalogueMap } from '../catalogue/index.ts';
import { createIncident } from '../incident/create-incident.ts';
import { defineHandler, type HandlerContext } from './handler.ts';
import type {
  Connection,
  Incident,
  IncidentMap,
  IncidentOf,
  Origin,
  UntypedData,
  Value,
} from './incident.ts';

declare module '@ihandler/core' {
  interface IncidentMap {
    'merged.thing.seen': { readonly what: string };
    'merged.thing.gone': { readonly when: number };
  }
}

test('data is typed by origin and read-only at any depth', () => {
  type Offer = CatalogueMap['dionaea.download.offer'];
  expectTypeOf<Offer['url']>().toEqualTypeOf<string | Uint8Array>();
  expectTypeOf<Offer['connection']>().toEqualTypeOf<Connection | undefined>();
  expectTypeOf<CatalogueMap['dionaea.connection.link']>().toEqualTypeOf<{
    readonly parent: Connection;
    readonly child: Connection;
  }>();
  expectTypeOf<CatalogueMap['dionaea.modules.python.ftp.command']['arguments']>().toEqualTypeOf<
    readonly string[]
  >();
  type Sip = CatalogueMap['dionaea.modules.python.sip.command'];
  expectTypeOf<Sip['from'][number]['uri']['user']>().toEqualTypeOf<string | null>();
  expectTypeOf<Sip['via'][number]['_params']>().toEqualTypeOf<readonly Value[] | undefined>();

  const offer: Offer = { url: 'http://192.0.2.1/a' };
  // @ts-expect-error every handler gets the same data, so it is read-only
  offer.url = 'x';
  // @ts-expect-error a misspelt property
  offer.uri;
  // @ts-expect-error an optional property may be missing, but not undefined, which JSON lacks
  const gap: Offer = { url: 'x', ftpmode: undefined };
  expect(gap).toBeDefined();
});

test('every typed incident is an Incident, and all typed data is untyped data', () => {
  expectTypeOf<{ [O in keyof CatalogueMap]: Incident<O> }[keyof CatalogueMap]>().toExtend<Incident>();
  expectTypeOf<CatalogueMap[keyof CatalogueMap]>().toExtend<UntypedData>();
  expectTypeOf<IncidentMap[Origin]>().toExtend<UntypedData>();
});

test('a glob selects a union of incidents that narrows on the origin', () => {
  expectTypeOf<IncidentOf<'dionaea.download.offer'>>().toEqualTypeOf<Incident<'dionaea.download.offer'>>();
  expectTypeOf<IncidentOf<'dionaea.*.accept'>['origin']>().toEqualTypeOf<
    'dionaea.connection.tcp.accept' | 'dionaea.connection.tls.accept' | 'dionaea.connection.dtls.accept'
  >();
  expectTypeOf<IncidentOf<'*.login'>['data']['password']>().toEqualTypeOf<string>();
  expectTypeOf<IncidentOf<'*'>>().toEqualTypeOf<Incident>();
  expectTypeOf<IncidentOf<'opencanary.login.*'>>().toEqualTypeOf<Incident>();
  expectTypeOf<IncidentOf<'dionaea.conection.*'>>().toBeNever();
  expectTypeOf<IncidentOf<'ihandler.not.installed'>>().toEqualTypeOf<Incident>();

  defineHandler({
    name: 'narrow',
    on: {
      'dionaea.download.*': (incident) => {
        if (incident.origin === 'dionaea.download.offer')
          expectTypeOf(incident.data.ftpmode).toEqualTypeOf<string | undefined>();
        else expectTypeOf(incident.data.url).toEqualTypeOf<string>();
        // @ts-expect-error an offer has no hash
        incident.data.md5hash;
      },
    },
  });
});

test('a typo under a known root does not compile, even if the listener does not use the incident', () => {
  // @ts-expect-error matches no origin
  const listening = defineHandler({
    name: 'typo',
    on: { 'dionaea.download.ofer': () => {} },
  });
  // @ts-expect-error matches no origin
  const writing = defineHandler({
    name: 'typo',
    accepts: ['dionaea.downlaod.*'],
    write: () => {},
  });
  const sound = defineHandler({
    name: 'sound',
    accepts: ['dionaea.download.*', 'acme.*', '*'],
    write: () => {},
  });
  expect([listening, writing, sound].map(({ contract }) => contract)).toEqual([1, 1, 1]);
});

test('packages add their origins by declaration merging', () => {
  expectTypeOf<IncidentOf<'merged.*'>['origin']>().toEqualTypeOf<'merged.thing.seen' | 'merged.thing.gone'>();
  expectTypeOf<IncidentOf<'merged.thing.seen'>['data']>().toEqualTypeOf<{ readonly what: string }>();
  expectTypeOf<IncidentOf<'merged.thing.sen'>>().toBeNever();
  const report = (context: HandlerContext) => context.report('merged.thing.seen', { what: 'a cat' });
  expectTypeOf(report).returns.resolves.toBeVoid();
});

test('an incident whose data does not fit its origin has a misfit that says why', () => {
  const parts = { id: 's:1', timestamp: 0, sensor: 'pot' };
  const good = createIncident({ ...parts, origin: 'dionaea.download.offer', data: { url: 'x', more: 1 } });
  expect(good).not.toHaveProperty('misfit');
  const bad = createIncident({ ...parts, origin: 'dionaea.download.offer', data: { url: null } });
  expect(bad.misfit).toBe('url: expected a string or bytes, found null');
});
