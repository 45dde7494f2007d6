import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listening } from '../sound.ts';
import { type Broken, forgetFile, forgetServer, forgetTimer } from './broken.ts';

const sound = listening('');

/** A handler that fails after it was closed or reopened once. */
function refusing(word: 'closed' | 'reopened') {
  let isOver = false;
  const handler = listening('');
  return {
    ...handler,
    on: {
      '*': () => {
        if (isOver) throw new Error(`has been ${word}`);
      },
    },
    [word === 'closed' ? 'close' : 'reopen']: () => {
      isOver = true;
    },
  };
}

const early = 'does no work before start()';
const open = 'leaves nothing open after close()';

/** Handlers with a fault in their life cycle. */
export const brokenLives: readonly Broken[] = [
  { rule: 'is a new object on each call of its factory', how: 'is a shared object', factory: () => sound },
  {
    rule: early,
    how: 'starts a timer',
    factory() {
      forgetTimer();
      return listening('');
    },
  },
  {
    rule: early,
    how: 'starts a timer after a while',
    async factory() {
      await new Promise((resolve) => setImmediate(resolve));
      forgetTimer();
      return listening('');
    },
  },
  {
    rule: early,
    how: 'creates a file',
    factory(folder) {
      writeFileSync(join(folder, 'early'), '');
      return listening('');
    },
  },
  {
    rule: 'starts and closes without incidents',
    how: 'fails to close before its first incident',
    factory() {
      let last: string | undefined;
      return {
        ...listening(''),
        on: {
          '*': ({ id }) => {
            last = id;
          },
        },
        close() {
          if (last === undefined) throw new Error('no incident yet');
        },
      };
    },
  },
  {
    rule: 'starts and closes without incidents',
    how: 'waits in close() for its first incident',
    patience: 1500,
    factory() {
      let came = () => {};
      const first = new Promise<void>((resolve) => {
        came = resolve;
      });
      return { ...listening(''), on: { '*': () => came() }, close: () => first };
    },
  },
  {
    rule: 'can be closed twice',
    how: 'throws in the second close()',
    factory() {
      let isClosed = false;
      return {
        ...listening(''),
        start() {
          isClosed = false;
        },
        on: { '*': () => {} },
        close() {
          if (isClosed) throw new Error('is closed');
          isClosed = true;
        },
      };
    },
  },
  {
    rule: 'works again when it is started after close()',
    how: 'stays closed',
    factory: () => refusing('closed'),
  },
  {
    rule: 'continues after reopen()',
    how: 'fails after reopen()',
    factory: () => refusing('reopened'),
  },
  {
    rule: open,
    how: 'leaves a timer running',
    factory: () => ({ ...listening(''), on: { '*': () => {} }, start: forgetTimer }),
  },
  {
    rule: open,
    how: 'leaves a socket open',
    factory: () => ({ ...listening(''), on: { '*': () => {} }, start: forgetServer }),
  },
  {
    rule: open,
    how: 'fails to close after some incidents',
    factory() {
      let heard = 0;
      return {
        ...listening(''),
        on: {
          '*': () => {
            heard += 1;
          },
        },
        close() {
          if (heard > 2) throw new Error('cannot flush');
        },
      };
    },
  },
  {
    rule: open,
    how: 'leaves a file open',
    factory: (folder) => ({
      ...listening(''),
      on: { '*': () => {} },
      start: () => forgetFile(openSync(join(folder, 'open'), 'a')),
    }),
  },
];
