import { createIncident, type DeadLetter } from '@ihandler/core';
import { expect, test } from 'vitest';
import { letterAsJson, letterInFull } from './format.ts';

const hostile = 'gpj.\u202eexe \u009b2J ad\u200bmin \u{e0041} \u2028 \ud800';
const letter: DeadLetter = {
  instance: 'flaky',
  position: 7,
  at: 0,
  attempts: 1,
  reason: hostile,
  incident: createIncident({
    id: 's:1',
    origin: 'acme.thing',
    timestamp: 1,
    sensor: 'pot',
    data: { [hostile]: hostile, bytes: new Uint8Array([1]) },
  }),
};
const raw = /[\p{Cf}\p{Cs}\p{Zl}\u0080-\u009f]/u;

test('a dead letter in JSON has no character that a terminal obeys or hides, and the same value', () => {
  const json = letterAsJson(letter);
  expect(json).not.toMatch(raw);
  expect(JSON.parse(json)).toMatchObject({
    deadLetter: { reason: hostile },
    incident: { data: { [hostile]: hostile, bytes: { $bytes: 'AQ==' } } },
  });
});

test('a dead letter in full shows its data as JSON, with the same escapes', () => {
  const shown = letterInFull(letter, {
    color: false,
    columns: undefined,
    write: async () => undefined,
    warn: () => undefined,
    progress: () => undefined,
  });
  expect(shown).not.toMatch(raw);
  const json = shown.slice(shown.indexOf('\n{'));
  expect(JSON.parse(json)).toMatchObject({ data: { [hostile]: hostile } });
});
