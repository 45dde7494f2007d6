import { expect, it } from 'vitest';
import { chooseInstance } from './choose-instance.ts';

const instance = (name: string) => ({ instance: name, options: {}, dataDir: `/data/${name}` });
const [one, two] = [instance('store'), instance('more')];

it('is the only one, or the one that is named', () => {
  expect(chooseInstance('store', [one], undefined)).toBe(one);
  expect(chooseInstance('store', [one, two], 'more')).toBe(two);
});

it.each([
  [[], undefined, 'Expected store in the configuration, found none: name the configuration with -c'],
  [[one, two], undefined, 'Several instances of store are configured: choose one with --as (store, more)'],
  [[one], 'x', 'Expected an instance "x" of store in the configuration, found only store'],
])('of %j, %j is refused with what to name', (instances, named, message) => {
  expect(() => chooseInstance('store', instances, named)).toThrow(message);
});
