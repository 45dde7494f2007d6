import { expect, expectTypeOf, test } from 'vitest';
import { createIncident } from '../incident/create-incident.ts';
import { defineHandler, type HandlerContext } from './handler.ts';
import type { Incident, IncidentMap, IncidentOf, Origin, UntypedData } from './incident.ts';

declare module '@ihandler/core' {
  interface IncidentMap {
    'merged.thing.seen': { readonly what: string };
    'merged.thing.gone': { readonly when: number };
  }
}

test('every typed incident is an Incident, and all typed data is untyped data', () => {
  expectTypeOf<{ [O in Origin]: Incident<O> }[Origin]>().toExtend<Incident>();
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

test('an incident of a typed origin is made only from data of that type', () => {
  const parts = { id: 's:1', timestamp: 0, sensor: 'pot' };
  const made = createIncident({ ...parts, origin: 'merged.thing.seen', data: { what: 'a cat' } });
  expectTypeOf(made).toEqualTypeOf<Incident<'merged.thing.seen'>>();
  // @ts-expect-error: the data has another type
  createIncident({ ...parts, origin: 'merged.thing.seen', data: { what: 1 } });
  const origin: string = 'merged.thing.seen';
  expect(createIncident({ ...parts, origin, data: { what: 1 } }).data).toEqual({ what: 1 });
});
