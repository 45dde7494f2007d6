import { expect, it } from 'vitest';
import type { Entry } from '../configuration/configuration.ts';
import type { Contribution } from '../discovery/contributions.ts';
import { sourceOptions } from './load-sources.ts';

/** What a source gets whose schema says this of its option `sensor`. */
function given(sensor: object, config: Entry['config'] = {}): unknown {
  const options = { type: 'object', properties: { sensor } };
  // Safe: nothing else of them is looked at.
  const contribution = { spec: { options } } as unknown as Contribution<'sources'>;
  const entry = { name: 'ears', config } as Entry;
  return sourceOptions(contribution, entry, '/', 'hive-1');
}

it('sourceOptions adds the sensor to an option without a default, and keeps a default', () => {
  expect(given({ type: 'string' })).toEqual({ sensor: 'hive-1' });
  expect(given({ type: 'string' }, { sensor: 'hive-2' })).toEqual({ sensor: 'hive-2' });
  expect(given({ enum: ['incident', 'ident'], default: 'incident' })).toEqual({});
});
