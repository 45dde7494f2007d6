import { describe, it } from 'vitest';
import { describeHandler } from './index.ts';
import {
  appending,
  Counter,
  choosing,
  forgetting,
  keeping,
  keepingAndReporting,
  listening,
  reporting,
  storedIn,
} from './testing/sound.ts';

describe('a sound handler that listens', () => describeHandler(it, listening));

describe('a sound handler that reports', () => describeHandler(it, async (folder) => reporting(folder)));

describe('a sound handler that writes, without a checkpoint', () =>
  describeHandler(it, appending, { stored: (folder) => storedIn(folder).rows }));

describe('a sound handler that writes, with a checkpoint', () =>
  describeHandler(it, keeping, { stored: (folder) => storedIn(folder).rows }));

describe('a sound handler that writes and reports', () =>
  describeHandler(it, keepingAndReporting, { stored: (folder) => storedIn(folder).rows }));

describe('a sound handler that is an object of a class', () => describeHandler(it, () => new Counter()));

describe('a sound handler that rejects unexpected data', () => describeHandler(it, choosing));

describe('a sound handler that counts and forgets', () => describeHandler(it, forgetting));
