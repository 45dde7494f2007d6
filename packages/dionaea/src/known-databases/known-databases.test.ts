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

  it('reads a copy that grew on its own as another database, and says so', async () => {
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
    expect(other.incidents).toHaveLength(4);
    expect(other.warnings[0]).toContain('begins like one that was read before');
    for (const path of [file, beside('copy.sqlite'), file]) expect((await read(path)).incidents).toEqual([]);
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
