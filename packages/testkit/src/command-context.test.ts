import { expect, it } from 'vitest';
import { commandContext } from './command-context.ts';

it('keeps what a command writes, standard output and warnings apart', async () => {
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
