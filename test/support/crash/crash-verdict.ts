import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection, Incident } from '@ihandler/core';
import journalSqlite, { check, view } from '@ihandler/journal-sqlite';
import Database from 'better-sqlite3';
import { type CrashRun, FILE_LINES } from './crash-driver.ts';
import { isTold } from './crash-handlers.ts';

type AddProblem = (problem: string) => void;

/** The problems of a journal, including its delivery counts. */
export function problemsOfJournal(folder: string): readonly string[] {
  const file = join(folder, 'journal.sqlite');
  // The process may have died before it created a journal.
  return existsSync(file) ? check({ file }).problems : [];
}

async function readJournal(file: string) {
  const journal = journalSqlite({ file, minFree: '0MB' });
  await journal.open();
  const { incidents } = await journal.read(0, 1_000_000);
  const dead = new Map<string, ReadonlySet<string>>();
  for (const instance of ['log-sqlite', 'ids', 'troubled', 'log-text', 'teller']) {
    const letters = await journal.deadLetters(instance);
    dead.set(instance, new Set(letters.map(({ incident }) => incident.id)));
  }
  await journal.close();
  return { incidents, deadOf: (instance: string) => dead.get(instance) ?? new Set<string>() };
}

// Safe: the driver's incidents have one.
const keyOf = ({ data }: Incident): string => (data['connection'] as Connection).id;

function differ(
  addProblem: AddProblem,
  what: string,
  found: readonly string[],
  expected: readonly string[],
): void {
  const at = expected.findIndex((one, index) => one !== found[index]);
  if (at === -1 && found.length === expected.length) return;
  const where = at === -1 ? expected.length : at;
  addProblem(
    `${what}: ${found.length} of ${expected.length}; at ${where} ${found[where]}, expected ${expected[where]}`,
  );
}

/** The lines of a file, each at its first occurrence. Lines that a file size limit truncated do not count. */
function firstAppearances(
  file: string,
  known: ReadonlySet<string>,
  cutAllowed: boolean,
  addProblem: AddProblem,
): string[] {
  const found = new Set<string>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const id = line.split(' ')[0] ?? '';
    if (known.has(id)) found.add(id);
    else if (id !== '' && !(cutAllowed && [...known].some((other) => other.startsWith(id))))
      addProblem(`${file} has ${line}, which was not accepted`);
  }
  return [...found];
}

function judgeSources(run: CrashRun, sourced: readonly Incident[], addProblem: AddProblem): void {
  const keys = sourced.map(keyOf);
  const accepted = new Set(keys);
  if (accepted.size !== keys.length) addProblem('the journal has an incident twice');
  for (const key of run.acknowledged)
    if (!accepted.has(key)) addProblem(`${key} was acknowledged and is lost`);
  const inFile = Array.from({ length: FILE_LINES }, (_, n) => `f-${n}`);
  differ(
    addProblem,
    'the followed file',
    keys.filter((key) => key.startsWith('f-')),
    inFile,
  );
  const streams = run.posted.map((posted) => posted.filter((key) => accepted.has(key)));
  for (const [index, stream] of streams.entries())
    differ(
      addProblem,
      `poster ${index}`,
      keys.filter((key) => key.startsWith(`h${index}-`)),
      stream,
    );
  if (keys.length !== inFile.length + streams.flat().length)
    addProblem('the journal has incidents that were not posted');
}

function judgeRows(
  folder: string,
  sourced: readonly Incident[],
  dead: ReadonlySet<string>,
  wasDead: ReadonlySet<string>,
  addProblem: AddProblem,
): void {
  const database = new Database(join(folder, 'rows.sqlite'), { readonly: true });
  const sql = 'SELECT connection_id FROM ihandler_connections ORDER BY connection';
  // Safe: the column contains the key of the driver.
  const rows = database.prepare(sql).pluck().all() as string[];
  const quick = database.pragma('quick_check', { simple: true });
  if (quick !== 'ok') addProblem(`rows.sqlite: ${String(quick)}`);
  database.close();
  const sorted = (keys: readonly string[]) => keys.toSorted();
  differ(addProblem, 'rows', sorted(rows), sorted(sourced.filter(({ id }) => !dead.has(id)).map(keyOf)));
  const late = new Set(sourced.filter(({ id }) => wasDead.has(id)).map(keyOf));
  const inOrder = sourced.map(keyOf).filter((key) => !late.has(key));
  differ(
    addProblem,
    'rows in order',
    rows.filter((key) => !late.has(key)),
    inOrder,
  );
}

/** The problems with the results of a run. */
export async function judge(run: CrashRun): Promise<readonly string[]> {
  const problems: string[] = [];
  const addProblem: AddProblem = (problem) => problems.push(problem);
  const file = join(run.folder, 'journal.sqlite');
  const { incidents, deadOf } = await readJournal(file);
  const shown = view({ file });
  const { last } = shown.bounds();
  for (const [instance, cursor] of Object.entries(shown.cursors()))
    if (cursor.position !== last) addProblem(`${instance} is at ${cursor.position} of ${last}`);
  shown.close();

  const sourced = incidents.filter(({ origin }) => origin.startsWith('dionaea.'));
  judgeSources(run, sourced, addProblem);
  const told = incidents
    .filter(({ origin }) => origin === 'acme.told')
    .map(({ data }) => String(data['because']));
  differ(
    addProblem,
    'reports',
    told.toSorted(),
    sourced
      .filter(isTold)
      .map(({ id }) => id)
      .toSorted(),
  );

  const wasDead = (instance: string) => {
    const failed = incidents.filter(
      ({ origin, data }) => origin === 'ihandler.handler.failed' && data['instance'] === instance,
    );
    return new Set(failed.map(({ data }) => String(data['incident'])));
  };
  judgeRows(run.folder, sourced, deadOf('log-sqlite'), wasDead('log-sqlite'), addProblem);

  const ids = incidents.map(({ id }) => id);
  const known = new Set(ids);
  const cut = run.plan.lives.some(({ end }) => end.how === 'killed at a limit');
  const appearancesIn = (name: string) => firstAppearances(join(run.folder, name), known, cut, addProblem);
  differ(addProblem, 'ids', appearancesIn('ids.txt'), ids);
  differ(addProblem, 'lines', appearancesIn('lines.txt'), ids);

  const troubled = appearancesIn('troubled.txt');
  const dead = deadOf('troubled');
  const was = wasDead('troubled');
  const mine = sourced.map(({ id }) => id);
  differ(
    addProblem,
    'the troubled one in order',
    troubled.filter((id) => !was.has(id)),
    mine.filter((id) => !was.has(id)),
  );
  for (const id of mine) if (!dead.has(id) && !troubled.includes(id)) addProblem(`troubled has lost ${id}`);
  if (run.plan.repaired && dead.size > 0)
    addProblem(`${dead.size} dead letters of troubled were not delivered`);
  return problems;
}
