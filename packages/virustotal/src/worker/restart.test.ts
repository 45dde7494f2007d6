import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { madeUpFile } from '@ihandler/test-support/virustotal-server';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import virustotal from '../handler.ts';
import { capture, captured } from '../testing/captured.ts';
import { START, startVirusTotal, temporaryFolder } from '../testing/start-virustotal.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('verdicts of virustotal', () => {
  it('are reported again until the journal accepts them', async () => {
    let refusals = 5;
    const { server, deliver, time, reported, lines } = await startVirusTotal({
      onReport() {
        refusals -= 1;
        if (refusals >= 0 && refusals !== 2) throw new Error('the journal is full');
      },
    });
    const known = madeUpFile('known', START);
    server.know(known);
    deliver(captured(known));
    await time.run(HOUR);
    expect(reported.map(({ origin }) => origin)).toEqual([
      'dionaea.modules.python.virustotal.report',
      'ihandler.virustotal.verdict',
    ]);
    expect(lines.some((line) => line.includes('the journal is full'))).toBe(true);
  });

  it('are reported without a cause when the chain of reports is too long', async () => {
    let refused = false;
    const { server, deliver, time, reported } = await startVirusTotal({
      onReport() {
        if (refused) return;
        refused = true;
        throw Object.assign(new Error('a chain of more than 8 reports'), { permanent: true });
      },
    });
    const known = madeUpFile('known', START);
    server.know(known);
    deliver(captured(known));
    await time.run(MINUTE);
    expect(reported.map(({ cause }) => cause !== undefined)).toEqual([false, true]);
  });
});

describe('the backlog of dionaea', () => {
  it('is taken over in every state, and its files are looked up', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'vtcache.sqlite');
    const theirs = new Database(file);
    theirs.exec(`CREATE TABLE backlogfiles (backlogfile INTEGER PRIMARY KEY, status TEXT NOT NULL, md5_hash TEXT NOT NULL,
      path TEXT NOT NULL, timestamp INTEGER NOT NULL, scan_id TEXT, lastcheck_time INTEGER, submit_time INTEGER)`);
    const add = theirs.prepare(
      'INSERT INTO backlogfiles (status, md5_hash, path, timestamp) VALUES (?, ?, ?, ?)',
    );
    const states = ['new', 'new-', 'submit', 'submit-', 'comment', 'comment-', 'query', 'query-'];
    const files = states.map((state) => {
      const known = madeUpFile(state, START);
      add.run(state, known.md5, join(folder, known.md5), START / 1000 - 1000);
      return known;
    });
    add.run('new', 'no hash', '', 0);
    theirs.close();
    const { server, time, verdicts, restart, lines } = await startVirusTotal({ options: { file } });
    expect(lines).toEqual([expect.stringMatching(/^warn: took over dionaea's backlog.*8.*1/)]);
    server.know(...files);
    await restart();
    expect(lines).toHaveLength(1);
    await time.run(HOUR);
    expect(
      verdicts()
        .map(({ md5 }) => md5)
        .toSorted(),
    ).toEqual(files.map(({ md5 }) => md5).toSorted());
    expect(
      new Database(file, { readonly: true }).prepare('SELECT count(*) FROM backlogfiles').pluck().get(),
    ).toBe(0);
  });
});

describe('the start of virustotal', () => {
  it('without a key fails and says how to get one', () => {
    const saved = process.env['VIRUSTOTAL_API_KEY'];
    delete process.env['VIRUSTOTAL_API_KEY'];
    try {
      const handler = virustotal();
      const start = (): unknown => handler.start?.({} as never);
      expect(start).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
      expect(start).toThrow(/Create a free account.*VIRUSTOTAL_API_KEY.*remove the entry virustotal/);
    } finally {
      if (saved !== undefined) process.env['VIRUSTOTAL_API_KEY'] = saved;
    }
  });

  it('with another database or one of a later version fails and changes nothing', async () => {
    const { dataDir, restart } = await startVirusTotal();
    const other = join(dataDir, 'other.sqlite');
    const database = new Database(other);
    database.exec('CREATE TABLE connections (connection INTEGER PRIMARY KEY)');
    await expect(restart({ file: other })).rejects.toThrow(
      /database of another program.*Nothing was changed/,
    );
    database.exec(
      "DROP TABLE connections; CREATE TABLE samples (a); CREATE TABLE notes (name, value); INSERT INTO notes VALUES ('schema_version', 99)",
    );
    database.close();
    await expect(restart({ file: other })).rejects.toThrow(/version 99.*update/);
    await expect(restart({ file: join(dataDir, 'none', 'x.sqlite') })).rejects.toThrow(/does not exist/);
  });
});

describe('the API key', () => {
  it('never appears in a log line, incident, counter or file', async () => {
    const folder = temporaryFolder();
    const started = await startVirusTotal({
      options: { upload: true, comment: 'caught', sampleFolders: [folder] },
    });
    const { server, deliver, time, dataDir, lines, reported, handler, restart } = started;
    const kinds = ['dropped', 'truncated', 'html', 'redirect', 'answer lost'] as const;
    let turn = 0;
    server.setFault(() => {
      turn += 1;
      const kind = kinds[turn % 7];
      return kind === 'html'
        ? { kind, status: 500 }
        : kind === 'redirect'
          ? { kind, to: server.url }
          : kind && { kind };
    });
    for (let n = 0; n < 6; n += 1) deliver(captured({ ...capture(folder, `file ${n}`), local: true }));
    await time.run(DAY);
    await restart({ url: 'http://127.0.0.1:9/api/v3' });
    deliver(captured(madeUpFile('one more', START)));
    await time.run(HOUR);
    await restart({ apiKey: `${server.key}wrong` });
    await time.run(HOUR);
    const files = readdirSync(dataDir).map((name) => readFileSync(join(dataDir, name), 'latin1'));
    const all = [...lines, ...files, JSON.stringify(reported), JSON.stringify(handler.counters?.())].join(
      '\n',
    );
    expect(lines.length).toBeGreaterThan(0);
    expect(reported.length).toBeGreaterThan(5);
    expect(all).not.toContain(server.key);
  });

  it('never appears in a message about options', () => {
    for (const apiKey of ['secret key with blanks', 17, { secret: 'x' }])
      expect(() => virustotal({ apiKey } as never)).toThrow(/apiKey: .*(?!secret)/);
    expect(() => virustotal({ apiKey: 'secret key with blanks' })).not.toThrow(/blanks/);
  });
});
