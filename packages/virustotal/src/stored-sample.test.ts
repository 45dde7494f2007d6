import { expect, it } from 'vitest';
import { readStoredSample } from './stored-sample.ts';

const data = { sha256: 'a', md5: 'b', size: 3, type: 'text/plain', file: '/x' };

it('readStoredSample reads what a store reports, whatever else the data holds', () => {
  expect(readStoredSample({ data: { ...data, url: 'x' } })).toEqual(data);
});

it.each([{}, { ...data, size: '3' }, { ...data, file: null }])('readStoredSample rejects %j', (wrong) => {
  expect(readStoredSample({ data: wrong })).toBeUndefined();
});
