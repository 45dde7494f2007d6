import { afterAll, beforeAll, it } from 'vitest';
import { escaping } from '../testing/attacks/bad-handlers.ts';
import { expectSurvival } from '../testing/attacks/escape.ts';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';

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
