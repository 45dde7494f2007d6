import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listening } from '../sound.ts';
import { type Broken, forgetFile, forgetServer, forgetTimer } from './broken.ts';

const sound = listening('');

/** A handler that remembers something and refuses to work because of it. */
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

const early = 'does nothing before it is started';
const open = 'leaves nothing open when it is closed';

/** Handlers whose life has a fault. */
export const brokenLives: readonly Broken[] = [
  { rule: 'is a new object from each call of its factory', how: 'is one for all', factory: () => sound },
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
    how: 'makes a file',
    factory(folder) {
      writeFileSync(join(folder, 'early'), '');
      return listening('');
    },
  },
  {
    rule: 'starts and closes without an incident',
    how: 'cannot be closed when nothing came',
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
          if (last === undefined) throw new Error('nothing came');
        },
      };
    },
  },
  {
    rule: 'starts and closes without an incident',
    how: 'waits for the first when it is closed',
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
    rule: 'may be closed twice',
    how: 'cannot',
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
    rule: 'works again when it is started after it was closed',
    how: 'does not',
    factory: () => refusing('closed'),
  },
  {
    rule: 'goes on after it was told to reopen its files',
    how: 'does not',
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
    how: 'cannot be closed after it has worked',
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
