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

test('data is typed by origin, read-only all the way down', () => {
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
  // @ts-expect-error data belongs to everybody who gets it, so nobody may change it
  offer.url = 'x';
  // @ts-expect-error a misspelt property is no property
  offer.uri;
  // @ts-expect-error what may be missing may not be undefined: JSON has no such value
  const gap: Offer = { url: 'x', ftpmode: undefined };
  expect(gap).toBeDefined();
});

test('every incident is an incident, and every data is a value', () => {
  expectTypeOf<{ [O in keyof CatalogueMap]: Incident<O> }[keyof CatalogueMap]>().toExtend<Incident>();
  expectTypeOf<CatalogueMap[keyof CatalogueMap]>().toExtend<UntypedData>();
  expectTypeOf<IncidentMap[Origin]>().toExtend<UntypedData>();
});

test('a glob selects the union of what it matches, which narrows on the origin', () => {
  expectTypeOf<IncidentOf<'dionaea.download.offer'>>().toEqualTypeOf<Incident<'dionaea.download.offer'>>();
  expectTypeOf<IncidentOf<'dionaea.*.accept'>['origin']>().toEqualTypeOf<
    'dionaea.connection.tcp.accept' | 'dionaea.connection.tls.accept' | 'dionaea.connection.dtls.accept'
  >();
  expectTypeOf<IncidentOf<'*.login'>['data']['password']>().toEqualTypeOf<string>();
  expectTypeOf<IncidentOf<'*'>>().toEqualTypeOf<Incident>();
  expectTypeOf<IncidentOf<'opencanary.login.*'>>().toEqualTypeOf<Incident>();
  expectTypeOf<IncidentOf<'dionaea.conection.*'>>().toBeNever();

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

test('a typo under a known root does not compile, also when the listener uses nothing of the incident', () => {
  // @ts-expect-error no origin of dionaea's matches
  const listening = defineHandler({
    name: 'typo',
    on: { 'dionaea.download.ofer': () => {} },
  });
  // @ts-expect-error no origin of dionaea's matches
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

test('others add their origins by declaration merging', () => {
  expectTypeOf<IncidentOf<'merged.*'>['origin']>().toEqualTypeOf<'merged.thing.seen' | 'merged.thing.gone'>();
  expectTypeOf<IncidentOf<'merged.thing.seen'>['data']>().toEqualTypeOf<{ readonly what: string }>();
  expectTypeOf<IncidentOf<'merged.thing.sen'>>().toBeNever();
  const report = (context: HandlerContext) => context.report('merged.thing.seen', { what: 'a cat' });
  expectTypeOf(report).returns.resolves.toBeVoid();
});

test('data that does not fit its origin makes an incident with a misfit that says why', () => {
  const parts = { id: 's:1', timestamp: 0, sensor: 'pot' };
  const good = createIncident({ ...parts, origin: 'dionaea.download.offer', data: { url: 'x', more: 1 } });
  expect(good).not.toHaveProperty('misfit');
  const bad = createIncident({ ...parts, origin: 'dionaea.download.offer', data: { url: null } });
  expect(bad.misfit).toBe('url: expected a string or bytes, found null');
});
