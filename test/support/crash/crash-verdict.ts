import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection, Incident } from '@ihandler/core';
import journalSqlite, { check, view } from '@ihandler/journal-sqlite';
import Database from 'better-sqlite3';
import { type CrashRun, FILE_LINES } from './crash-driver.ts';
import { isTold } from './crash-handlers.ts';

type Tell = (problem: string) => void;

/** What is wrong with a journal, its counts among it. */
export function problemsOfJournal(folder: string): readonly string[] {
  const file = join(folder, 'journal.sqlite');
  // It may have died before it had made one.
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

function differ(tell: Tell, what: string, found: readonly string[], expected: readonly string[]): void {
  const at = expected.findIndex((one, index) => one !== found[index]);
  if (at === -1 && found.length === expected.length) return;
  const where = at === -1 ? expected.length : at;
  tell(
    `${what}: ${found.length} of ${expected.length}; at ${where} ${found[where]}, expected ${expected[where]}`,
  );
}

/** What came, of the first time each came. A line that a limit of file sizes has cut is none. */
function firstAppearances(
  file: string,
  known: ReadonlySet<string>,
  cutAllowed: boolean,
  tell: Tell,
): string[] {
  const found = new Set<string>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const id = line.split(' ')[0] ?? '';
    if (known.has(id)) found.add(id);
    else if (id !== '' && !(cutAllowed && [...known].some((other) => other.startsWith(id))))
      tell(`${file} has ${line}, which nobody accepted`);
  }
  return [...found];
}

function judgeSources(run: CrashRun, sourced: readonly Incident[], tell: Tell): void {
  const keys = sourced.map(keyOf);
  const accepted = new Set(keys);
  if (accepted.size !== keys.length) tell('the journal has an incident twice');
  for (const key of run.acknowledged) if (!accepted.has(key)) tell(`${key} was acknowledged and is lost`);
  const inFile = Array.from({ length: FILE_LINES }, (_, n) => `f-${n}`);
  differ(
    tell,
    'the followed file',
    keys.filter((key) => key.startsWith('f-')),
    inFile,
  );
  const streams = run.posted.map((posted) => posted.filter((key) => accepted.has(key)));
  for (const [index, stream] of streams.entries())
    differ(
      tell,
      `poster ${index}`,
      keys.filter((key) => key.startsWith(`h${index}-`)),
      stream,
    );
  if (keys.length !== inFile.length + streams.flat().length) tell('the journal has what nobody posted');
}

function judgeRows(
  folder: string,
  sourced: readonly Incident[],
  dead: ReadonlySet<string>,
  wasDead: ReadonlySet<string>,
  tell: Tell,
): void {
  const database = new Database(join(folder, 'rows.sqlite'), { readonly: true });
  const sql = 'SELECT connection_id FROM ihandler_connections ORDER BY connection';
  // Safe: the one column is the text that the driver named it with.
  const rows = database.prepare(sql).pluck().all() as string[];
  const quick = database.pragma('quick_check', { simple: true });
  if (quick !== 'ok') tell(`rows.sqlite: ${String(quick)}`);
  database.close();
  const sorted = (keys: readonly string[]) => keys.toSorted();
  differ(tell, 'rows', sorted(rows), sorted(sourced.filter(({ id }) => !dead.has(id)).map(keyOf)));
  const late = new Set(sourced.filter(({ id }) => wasDead.has(id)).map(keyOf));
  const inOrder = sourced.map(keyOf).filter((key) => !late.has(key));
  differ(
    tell,
    'rows in order',
    rows.filter((key) => !late.has(key)),
    inOrder,
  );
}

/** What is wrong with what a run left behind: nothing, if all of it holds. */
export async function judge(run: CrashRun): Promise<readonly string[]> {
  const problems: string[] = [];
  const tell: Tell = (problem) => problems.push(problem);
  const file = join(run.folder, 'journal.sqlite');
  const { incidents, deadOf } = await readJournal(file);
  const shown = view({ file });
  const { last } = shown.bounds();
  for (const [instance, cursor] of Object.entries(shown.cursors()))
    if (cursor.position !== last) tell(`${instance} is at ${cursor.position} of ${last}`);
  shown.close();

  const sourced = incidents.filter(({ origin }) => origin.startsWith('dionaea.'));
  judgeSources(run, sourced, tell);
  const told = incidents
    .filter(({ origin }) => origin === 'acme.told')
    .map(({ data }) => String(data['because']));
  differ(
    tell,
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
  judgeRows(run.folder, sourced, deadOf('log-sqlite'), wasDead('log-sqlite'), tell);

  const ids = incidents.map(({ id }) => id);
  const known = new Set(ids);
  const cut = run.plan.lives.some(({ end }) => end.how === 'killed at a limit');
  const appearancesIn = (name: string) => firstAppearances(join(run.folder, name), known, cut, tell);
  differ(tell, 'ids', appearancesIn('ids.txt'), ids);
  differ(tell, 'lines', appearancesIn('lines.txt'), ids);

  const troubled = appearancesIn('troubled.txt');
  const dead = deadOf('troubled');
  const was = wasDead('troubled');
  const mine = sourced.map(({ id }) => id);
  differ(
    tell,
    'the troubled one in order',
    troubled.filter((id) => !was.has(id)),
    mine.filter((id) => !was.has(id)),
  );
  for (const id of mine) if (!dead.has(id) && !troubled.includes(id)) tell(`troubled has lost ${id}`);
  if (run.plan.repaired && dead.size > 0) tell(`${dead.size} dead letters of troubled were not delivered`);
  return problems;
}
