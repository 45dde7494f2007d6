import { copyFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Incident } from '@ihandler/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import dionaea from '../index.ts';
import { createDatabaseWriter } from '../testing/database-writer.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { runSource, type SourceOutput } from '../testing/run-source.ts';

function world() {
  const file = join(temporaryFolder(), 'dionaea.sqlite');
  let last: SourceOutput | undefined;
  /** Imports as a host does that keeps the checkpoint and the state; returns the new incidents. */
  async function read(path = file, keepsState = true): Promise<SourceOutput> {
    last = await runSource(
      dionaea({ file: path }),
      last?.checkpoint,
      undefined,
      keepsState ? last?.state : undefined,
    );
    return last;
  }
  const make = (path = file) => {
    const writer = createDatabaseWriter(path);
    onTestFinished(() => {
      writer.db.close();
    });
    return writer;
  };
  return { file, read, make, beside: (name: string) => join(dirname(file), name) };
}
const origins = (output: SourceOutput) => output.incidents.map(({ origin }) => origin);
const rowOf = (id: string) => Number(id.slice(id.lastIndexOf(':') + 1));
const links = ({ incidents }: SourceOutput) =>
  incidents
    .filter(({ origin }: Incident) => origin === 'dionaea.connection.link')
    // Safe: this is the form of a link.
    .map(({ data }) => data as unknown as Record<'child' | 'parent', { id: string }>)
    .map(({ child, parent }) => [rowOf(child.id), rowOf(parent.id)]);

describe('an import of a database that was imported before', () => {
  it('adds nothing after rows at its beginning were deleted and the file was vacuumed', async () => {
    const { read, make } = world();
    const writer = make();
    for (let n = 0; n < 6; n += 1) writer.offer(writer.connect());
    writer.link(2, 1);
    writer.link(6, 5);
    expect((await read()).incidents).toHaveLength(14);
    writer.db.exec(
      'DELETE FROM connections WHERE connection <= 3; DELETE FROM offers WHERE connection <= 3; VACUUM',
    );
    expect((await read()).incidents).toEqual([]);
    writer.offer(writer.connect());
    expect(origins(await read())).toEqual(['dionaea.connection.tcp.accept', 'dionaea.download.offer']);
    expect((await read()).incidents).toEqual([]);
  });

  it('adds nothing after single rows were deleted, also the first and the last', async () => {
    const { read, make } = world();
    const writer = make();
    for (let n = 0; n < 200; n += 1) writer.connect();
    await read();
    writer.db.exec('DELETE FROM connections WHERE connection IN (1, 2, 50, 199, 200)');
    const again = await read();
    expect([again.incidents, again.warnings]).toEqual([[], []]);
  });

  it('adds nothing when it was moved, whatever else was imported in between', async () => {
    const { file, read, make, beside } = world();
    const writer = make();
    for (let n = 0; n < 3; n += 1) writer.connect();
    await read();
    renameSync(file, beside('old.sqlite'));
    const young = make();
    young.db.exec("UPDATE connections SET remote_host = '203.0.113.9'");
    for (let n = 0; n < 2; n += 1) young.connect();
    young.db.exec("UPDATE connections SET remote_host = '203.0.113.9'");
    expect((await read()).incidents).toHaveLength(2);
    make(beside('old.sqlite')).db.exec('DELETE FROM connections WHERE connection = 1');
    expect((await read(beside('old.sqlite'))).incidents).toEqual([]);
  });

  it('reads only the rows of a copy that it got when it grew on its own, and says so', async () => {
    const { file, read, make, beside } = world();
    const writer = make();
    for (let n = 0; n < 3; n += 1) writer.connect();
    copyFileSync(file, beside('copy.sqlite'));
    writer.connect();
    await read();
    const copy = make(beside('copy.sqlite'));
    copy.connect();
    copy.db.exec("UPDATE connections SET remote_host = '203.0.113.9' WHERE connection = 4");
    const other = await read(beside('copy.sqlite'));
    expect(other.incidents).toHaveLength(1);
    expect(other.warnings[0]).toContain('reading rows with ids from 4 as new');
    for (const path of [file, beside('copy.sqlite'), file]) expect((await read(path)).incidents).toEqual([]);
  });

  it('reads all rows of another database, whose rows have the same ids', async () => {
    const { file, read, make, beside } = world();
    const [writer, other] = [make(), make(beside('other.sqlite'))];
    for (const { connect } of [writer, other]) for (let n = 0; n < 3; n += 1) connect();
    other.db.exec("UPDATE connections SET remote_host = '203.0.113.9'");
    const ids = (await read()).incidents.map(({ id }) => id);
    for (const { id } of (await read(beside('other.sqlite'))).incidents) ids.push(id);
    expect(new Set(ids).size).toBe(6);
    for (const path of [file, beside('other.sqlite')]) expect((await read(path)).incidents).toEqual([]);
  });

  it('reads the rows that have ids of deleted newest connections, once, also when the oldest were deleted', async () => {
    const { read, make } = world();
    const writer = make();
    for (let n = 0; n < 20; n += 1) writer.offer(writer.connect());
    expect((await read()).incidents).toHaveLength(40);
    writer.db.exec('DELETE FROM connections WHERE connection <= 3 OR connection >= 19');
    for (let n = 0; n < 3; n += 1) writer.offer(writer.connect());
    writer.link(20, 19);
    writer.link(18, 17);
    const { incidents, warnings } = await read();
    expect(incidents.map(({ origin }) => origin).sort()).toEqual([
      'dionaea.connection.link',
      'dionaea.connection.link',
      ...Array.from({ length: 3 }, () => 'dionaea.connection.tcp.accept'),
      ...Array.from({ length: 3 }, () => 'dionaea.download.offer'),
    ]);
    expect(warnings).toEqual([expect.stringContaining('reading rows with ids from 19 as new')]);
    // Safe: this is the form of an incident of a connection.
    const idOf = ({ data }: Incident) => (data['connection'] as unknown as { id: string } | undefined)?.id;
    const announced = incidents.filter(({ origin }) => origin === 'dionaea.connection.tcp.accept').map(idOf);
    const offered = incidents.filter(({ origin }) => origin === 'dionaea.download.offer').map(idOf);
    expect(offered).toEqual(announced);
    const again = await read();
    expect([again.incidents, again.warnings]).toEqual([[], []]);
  });

  it('leaves out links and details of connections that were deleted, and says so once', async () => {
    const { read, make } = world();
    const writer = make();
    for (let n = 0; n < 4; n += 1) writer.command(writer.connect(), 'select 1');
    writer.link(3, 1);
    writer.link(4, 3);
    writer.db.exec('DELETE FROM connections WHERE connection <= 2');
    const { incidents, rejects, warnings } = await read();
    expect(rejects).toEqual([]);
    expect(incidents).toHaveLength(5);
    expect(warnings).toEqual(['left out rows that name a connection which was deleted from the database']);
  });

  it('says when it cannot decide whether rows are new, and takes them', async () => {
    const { read, make } = world();
    const writer = make();
    for (let n = 0; n < 5; n += 1) writer.connect();
    await read();
    for (let n = 0; n < 5; n += 1) writer.connect();
    writer.db.exec('DELETE FROM connections WHERE connection <= 7');
    const { incidents, warnings } = await read();
    expect(incidents).toHaveLength(3);
    expect(warnings[0]).toContain('none of the rows that were read before is left');
  });

  it('reports a parent that dionaea assigned after the row was read, once', async () => {
    const { read, make } = world();
    const writer = make();
    for (let n = 0; n < 4; n += 1) writer.connect();
    writer.link(2, 1);
    await read();
    writer.link(4, 3);
    expect(links(await read())).toEqual([[4, 3]]);
    expect(links(await read())).toEqual([]);
    writer.link(3, 1);
    writer.connect();
    const third = await read();
    expect(links(third)).toContainEqual([3, 1]);
    expect((await read()).incidents).toEqual([]);
  });

  it('reports links once more when the data folder was lost, and then never again', async () => {
    const { read, make } = world();
    const writer = make();
    for (let n = 0; n < 3; n += 1) writer.connect();
    writer.link(2, 1);
    await read();
    expect(origins(await read(undefined, false))).toEqual(['dionaea.connection.link']);
    expect((await read(undefined, false)).incidents).toEqual([]);
  });
});
