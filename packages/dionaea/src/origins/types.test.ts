import type { Connection, Value } from '@ihandler/core';
import { expect, expectTypeOf, test } from 'vitest';
import type { DionaeaIncidents } from './index.ts';

test('data is typed by origin and read-only at any depth', () => {
  type Offer = DionaeaIncidents['dionaea.download.offer'];
  expectTypeOf<Offer['url']>().toEqualTypeOf<string | Uint8Array>();
  expectTypeOf<Offer['connection']>().toEqualTypeOf<Connection | undefined>();
  expectTypeOf<DionaeaIncidents['dionaea.connection.link']>().toEqualTypeOf<{
    readonly parent: Connection;
    readonly child: Connection;
  }>();
  expectTypeOf<DionaeaIncidents['dionaea.modules.python.ftp.command']['arguments']>().toEqualTypeOf<
    readonly string[]
  >();
  type Sip = DionaeaIncidents['dionaea.modules.python.sip.command'];
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
