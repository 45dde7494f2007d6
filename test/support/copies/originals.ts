import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** What a store must have once: `kind`, and values that name the evidence in every store. */
export type Fact = `connection ${number}` | `offer ${number} ${string}` | `link ${number} ${number}`;

/** A file that a sensor writes, with the evidence that is in it. Facts appear as often as the evidence was seen. */
export interface Original {
  readonly file: string;
  readonly facts: Fact[];
  /** Adds a connection, perhaps a child of an earlier one, with offers. `seed` decides. */
  grow(seed: number): void;
}

const TIME = 1_763_800_000;

/** Makes originals whose remote ports are all different, so that a port names a connection everywhere. */
export function createOriginals(folder: string) {
  let port = 1000;
  let files = 0;

  /** A database of dionaea. Its row ids begin with 1. */
  function database(): Original {
    files += 1;
    const file = join(folder, `dionaea-${files}.sqlite`);
    const db = new Database(file);
    db.exec(`
      CREATE TABLE connections (connection INTEGER PRIMARY KEY, connection_type TEXT, connection_transport TEXT,
        connection_protocol TEXT, connection_timestamp INTEGER, connection_root INTEGER, connection_parent INTEGER,
        local_host TEXT, local_port INTEGER, remote_host TEXT, remote_hostname TEXT, remote_port INTEGER);
      CREATE TABLE offers (offer INTEGER PRIMARY KEY, connection INTEGER, offer_url TEXT)`);
    db.close();
    const rows: { readonly row: number; readonly port: number }[] = [];
    const facts: Fact[] = [];
    return {
      file,
      facts,
      grow(seed) {
        port += 1;
        const own = new Database(file);
        const parent = seed % 3 === 0 ? rows[seed % Math.max(1, rows.length)] : undefined;
        const row = Number(
          own
            .prepare(
              `INSERT INTO connections VALUES (NULL, 'accept', 'tcp', 'httpd', ?, NULL, ?, '192.0.2.1', 80, '198.51.100.7', '', ?)`,
            )
            .run(TIME + port, parent?.row ?? null, port).lastInsertRowid,
        );
        facts.push(`connection ${port}`);
        if (parent !== undefined) facts.push(`link ${parent.port} ${port}`);
        for (let n = 0; n < seed % 4; n += 1) {
          // Some offers are equal: they are evidence twice.
          const url = `http://192.0.2.1/${n % 2}`;
          own.prepare('INSERT INTO offers VALUES (NULL, ?, ?)').run(row, url);
          facts.push(`offer ${port} ${url}`);
        }
        rows.push({ row, port });
        own.close();
      },
    };
  }

  /** A log of a dionaea that restarts now and then, and then uses the same ids of connections again. */
  function log(): Original {
    files += 1;
    const file = join(folder, `log-${files}.ndjson`);
    const facts: Fact[] = [];
    let id = 0;
    let clock = TIME * 1000 + files * 1e7;
    let before: { readonly id: number; readonly port: number } | undefined;
    /** A connection of which only an offer has been seen. */
    let unannounced: { readonly id: number; readonly port: number } | undefined;
    const connection = (number: number, remotePort: number) => ({
      id: String(number),
      protocol: 'httpd',
      transport: 'tcp',
      local_ip: '192.0.2.1',
      local_port: 80,
      remote_ip: '198.51.100.7',
      remote_port: remotePort,
      remote_hostname: '',
    });
    const line = (origin: string, data: object) => {
      clock += 1000;
      const timestamp = new Date(clock).toISOString().replace('Z', '000');
      appendFileSync(file, `${JSON.stringify({ timestamp, name: 'dionaea', origin, data })}\n`);
    };
    return {
      file,
      facts,
      grow(seed) {
        if (unannounced !== undefined) {
          // Now and then the announcement is lost, and the offer belongs to nobody.
          if (seed % 3 !== 1) {
            line('dionaea.connection.tcp.accept', {
              connection: connection(unannounced.id, unannounced.port),
            });
            facts.push(`connection ${unannounced.port}`, `offer ${unannounced.port} early`);
          }
          unannounced = undefined;
        }
        port += 1;
        if (seed % 5 === 0) {
          id = 0;
          before = undefined;
        }
        id += 1;
        if (seed % 4 === 1) {
          // An earlier run may have used its id.
          unannounced = { id, port };
          line('dionaea.download.offer', { connection: connection(unannounced.id, port), url: 'early' });
          return;
        }
        const own = connection(id, port);
        const offer = (n: number) => {
          const url = `http://192.0.2.1/${n % 2}`;
          line('dionaea.download.offer', { connection: own, url });
          facts.push(`offer ${port} ${url}`);
        };
        line('dionaea.connection.tcp.accept', { connection: own });
        facts.push(`connection ${port}`);
        if (before !== undefined && seed % 3 === 0) {
          line('dionaea.connection.link', { parent: connection(before.id, before.port), child: own });
          facts.push(`link ${before.port} ${port}`);
        }
        for (let n = 0; n < seed % 4; n += 1) offer(n);
        before = { id, port };
      },
    };
  }

  return { database, log };
}
