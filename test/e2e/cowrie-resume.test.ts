import { appendFileSync, copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checkpoint, defineHandler, type Incident, type Reject } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { cowrie } from '../support/cowrie/cowrie-source.ts';
import { incidentsOf, newFolder, recording, start } from '../support/cowrie/reading.ts';

describe('a cowrie file that is read again', () => {
  /** A database that several runs of the host write. */
  function createKeeper() {
    const rows: Incident[] = [];
    let stored: Checkpoint = {};
    const handler = () =>
      defineHandler({
        name: 'keeper',
        accepts: ['cowrie.*'],
        checkpoint: () => stored,
        write(batch, checkpoint) {
          rows.push(...batch);
          stored = { ...stored, ...checkpoint };
        },
      });
    return { rows, handler };
  }

  it('resumes after the last accepted line under any name, and reports each rejected line once', async () => {
    const file = join(newFolder(), 'cowrie.json');
    const lines = readFileSync(recording, 'utf8').split('\n');
    appendFileSync(file, `${lines.slice(0, 14).join('\n')}\n`);
    const keeper = createKeeper();
    const rejects: Reject[] = [];
    const first = await start([keeper.handler()], rejects);
    await first.run(cowrie({ file }));
    await first.close();
    expect(keeper.rows).toHaveLength(14);

    const rotated = `${file}.2026-08-20`;
    copyFileSync(recording, rotated);
    for (const accepted of [9, 0]) {
      const next = await start([keeper.handler()], rejects);
      expect(await next.run(cowrie({ file: rotated }))).toMatchObject({ accepted });
      expect(await next.drain()).toEqual([]);
    }
    expect(keeper.rows.map(({ id }) => id)).toEqual((await incidentsOf(recording)).map(({ id }) => id));
    expect(rejects).toHaveLength(3);
  });

  it('still knows the connection of a session that began before', async () => {
    const file = join(newFolder(), 'cowrie.json');
    const [connect, version, ...others] = readFileSync(recording, 'utf8').split('\n');
    appendFileSync(file, `${connect}\n${version}\n`);
    const keeper = createKeeper();
    await (await start([keeper.handler()])).run(cowrie({ file }));
    appendFileSync(file, `${others[0]}\n`);
    const next = await start([keeper.handler()]);
    await next.run(cowrie({ file }));
    await next.drain();
    expect(keeper.rows.at(-1)?.data).toMatchObject({
      username: 'root',
      connection: { remote: { port: 51234 } },
    });
  });

  it('is read up to a line that is still being written', async () => {
    const file = join(newFolder(), 'cowrie.json');
    const [connect = '', version = ''] = readFileSync(recording, 'utf8').split('\n');
    appendFileSync(file, `${connect}\n${version.slice(0, 40)}`);
    expect(await incidentsOf(file)).toHaveLength(1);
    appendFileSync(file, `${version.slice(40)}\n`);
    expect(await incidentsOf(file)).toHaveLength(2);
  });
});

it('a line that is not an event is rejected with its position and the reason', async () => {
  const rejects: Reject[] = [];
  const dispatcher = await start([defineHandler({ name: 'all', on: { '*': () => {} } })], rejects);
  await dispatcher.run(cowrie({ file: recording }));
  const bytes = readFileSync(recording);
  expect(rejects.map(({ reason }) => reason)).toEqual([
    'expected a JSON object',
    'expected an eventid such as cowrie.login.success',
    'expected a timestamp',
  ]);
  for (const { offset, length, text, file } of rejects) {
    expect(file).toBe(recording);
    expect(bytes.toString('utf8', offset, offset + length)).toBe(text);
  }
});
