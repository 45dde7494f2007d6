import { silentLog } from '@ihandler/core';
import { expect, test } from 'vitest';
import { createFolder } from '../testing/folder.ts';
import { openSourceStates } from './import-states.ts';

test('an import finds the states that sources saved in earlier imports', () => {
  const { folder, list } = createFolder();
  const first = openSourceStates(folder, silentLog);
  first.save();
  expect(list('.')).toEqual([]);
  first.states.set('dionaea', { version: 1, databases: [['a', 1]] });
  first.save();
  expect(list('.')).toEqual(['import-state.json']);
  const second = openSourceStates(folder, silentLog);
  expect([...second.states]).toEqual([['dionaea', { version: 1, databases: [['a', 1]] }]]);
});

test.each(['{', '[]', '{"version":2,"sources":{"a":1}}', '{"version":1,"sources":[1]}'])(
  'an import whose saved states are %j begins without them',
  (text) => {
    const { folder, write } = createFolder();
    write('import-state.json', text);
    const { states, save } = openSourceStates(folder, silentLog);
    expect(states.size).toBe(0);
    states.set('dionaea', 1);
    save();
    expect(openSourceStates(folder, silentLog).states.get('dionaea')).toBe(1);
  },
);

test('an import logs that it cannot save its states, and continues', () => {
  const { folder } = createFolder();
  const messages: string[] = [];
  const states = openSourceStates(`${folder}/missing`, {
    ...silentLog,
    warn: (message) => messages.push(message),
  });
  states.states.set('dionaea', 1);
  states.save();
  expect(messages).toEqual(['cannot save how to recognise the imported files']);
});
