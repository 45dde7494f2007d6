import { openSync, writeSync } from 'node:fs';
import {
  defineHandler,
  type HandlerContext,
  type Incident,
  permanent,
  type Schema,
  temporary,
  type WritingHandler,
} from '@ihandler/core';
import logSqlite from '@ihandler/log-sqlite';
import type { Trouble } from './crash-plan.ts';

const anything: Schema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
const chance = (share: number) => Math.random() < share;

/** The key of an incident of the driver: its connection. */
function keyOf({ data }: Incident): string {
  const connection = data['connection'];
  const id = typeof connection === 'object' && connection !== null && 'id' in connection && connection.id;
  return typeof id === 'string' ? id : '-';
}

/** Writes each line in one call, so that a kill leaves it complete or absent. */
function appender(file: string): (incident: Incident) => void {
  let descriptor: number | undefined;
  return (incident) => {
    descriptor ??= openSync(file, 'a');
    const line = `${incident.id} ${keyOf(incident)}\n`;
    if (writeSync(descriptor, line) === line.length) return;
    // The write reached a file size limit within the line. The incident comes again, on a new line.
    writeSync(descriptor, '\n');
    throw temporary('no space for the line');
  };
}

/** A handler that listens, and appends ids to a file. */
export function idKeeper(name: string, globs: readonly string[], file: string) {
  const append = appender(file);
  return defineHandler({ name, on: Object.fromEntries(globs.map((glob) => [glob, append])) });
}

/** log-sqlite, with writes that fail before they start or after they have committed. */
export function rowKeeper(file: string, trouble: Trouble): WritingHandler {
  const inner = logSqlite({ file });
  return {
    ...inner,
    async write(batch, checkpoint, context: HandlerContext) {
      if (trouble.failing && chance(0.2)) throw new Error('nothing was written');
      await inner.write(batch, checkpoint, context);
      if (trouble.answeringWrong && chance(0.3)) throw new Error('everything was written');
    },
  };
}

/** The fate of an incident, the same in every life: a number from 0 to 99. */
function fateOf({ id }: Incident): number {
  let fate = 7;
  for (const character of id) fate = (Math.imul(fate, 31) + character.charCodeAt(0)) >>> 0;
  return fate % 100;
}

/** A handler that throws, rejects, asks for a retry or hangs, and otherwise appends ids to a file. */
export function troubledKeeper(file: string, { failing, hanging }: Trouble, repaired: boolean) {
  const append = appender(file);
  return defineHandler({
    name: 'troubled',
    start() {
      if (failing && chance(0.2)) throw new Error('not yet');
    },
    on: {
      async 'dionaea.*'(incident) {
        const fate = fateOf(incident);
        if (!repaired && fate < 5) throw permanent('never possible');
        if (!repaired && fate < 10) throw new TypeError('a bug');
        if (failing && chance(0.1)) throw temporary('busy', { retryAfter: 1 });
        if (failing && chance(0.1)) await Promise.reject(new Error('no reason'));
        if (hanging && chance(0.1)) await new Promise(() => undefined);
        append(incident);
      },
    },
  });
}

/** A handler that reports one incident for every third. */
export function teller() {
  return defineHandler({
    name: 'teller',
    reports: { 'acme.told': anything },
    on: {
      'dionaea.*': (incident, context) =>
        fateOf(incident) % 3 === 0 ? context.report('acme.told', { because: incident.id }) : undefined,
    },
  });
}

/** Whether the handler above reports because of an incident. */
export const isTold = (incident: Incident): boolean => fateOf(incident) % 3 === 0;
