import { expect, it } from 'vitest';
import { commandContext } from './command-context.ts';

it('commandContext records the output and the warnings of a command separately', async () => {
  const lent = commandContext({ now: () => 7 });
  const { terminal, now, instances } = lent.context;
  await terminal.write('one ');
  terminal.warn('careful');
  await terminal.write('two\n');
  terminal.progress('50 %');
  expect(lent.output).toBe('one two\n');
  expect(lent.warnings).toEqual(['careful']);
  expect([now(), instances]).toEqual([7, []]);
});
