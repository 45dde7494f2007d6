import { expect, it } from 'vitest';
import { chooseInstance } from './choose-instance.ts';

const instance = (name: string) => ({ instance: name, options: {}, dataDir: `/data/${name}` });
const [one, two] = [instance('store'), instance('more')];

it('chooseInstance returns the only instance, or the named one', () => {
  expect(chooseInstance('store', [one], undefined)).toBe(one);
  expect(chooseInstance('store', [one, two], 'more')).toBe(two);
});

it.each([
  [[], undefined, 'Expected store in the configuration, found none. Name the configuration with -c'],
  [[one, two], undefined, 'Several instances of store are configured. Choose one with --as: store, more'],
  [[one], 'x', 'Expected an instance "x" of store in the configuration, found only store'],
])('chooseInstance of %j rejects %j and says what to name', (instances, named, message) => {
  expect(() => chooseInstance('store', instances, named)).toThrow(message);
});
