import { afterAll, beforeAll, it } from 'vitest';
import { type BuiltProgram, buildProgram } from '../../apps/ihandler/src/testing/built-program.ts';
import { escaping } from './bad-handlers.ts';
import { expectSurvival } from './escape.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite']);
});
afterAll(() => program.remove());

it.each(
  escaping
    .filter(({ title }) => ['a promise that nothing awaits', 'process.exit in a timer'].includes(title))
    .map((bad) => [bad.title, bad] as const),
)('a handler does not end the program, and the others get everything: %s', (_, bad) =>
  expectSurvival(program, bad),
);
