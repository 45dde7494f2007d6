import type { Database } from 'better-sqlite3';

/** A file that a sensor or a store reported. */
export interface SeenSample {
  readonly sha256?: string;
  readonly md5?: string;
  /** Its possible path. It is opened only if the rules of `open-upload.ts` allow it. */
  readonly path?: string;
  /** Whether a store keeps the file at `path`, which then replaces the path of a sensor. */
  readonly isKept?: boolean;
  readonly size?: number;
  readonly type?: string;
  /** The incident that named it. */
  readonly cause?: { readonly id: string; readonly sensor: string };
  /** @default now */
  readonly seenAt?: number;
  /** 0, or 1 for files of lower priority. @default 0 */
  readonly priority?: number;
}

/** The outcome: the file is new, its verdict has expired, it needs no request, or it has no hash. */
export type PutOutcome = 'new' | 'again' | 'known' | 'refused';

interface Row {
  readonly sample: number;
  readonly sha256: string | null;
  readonly md5: string | null;
  readonly state: string;
  readonly priority: number;
  readonly class: string;
  readonly path: string | null;
  readonly verdict: string | null;
  readonly verdict_at: number | null;
  readonly uploaded: number;
}

/** A hash in lower case; undefined when the text is not a hash of that length. */
export function hashOf(text: unknown, digits: 32 | 40 | 64): string | undefined {
  return typeof text === 'string' && text.length === digits && /^[0-9a-fA-F]+$/.test(text)
    ? text.toLowerCase()
    : undefined;
}

function classOf({ size, type }: SeenSample): string {
  return size === undefined ? '' : `${Math.trunc(size)} ${(type ?? '').slice(0, 80)}`;
}

/**
 * Prepares a function that adds a file to the backlog: `put(sample, now, again)`. A file needs no request if it is pending
 * or its verdict is younger than `again` milliseconds; its new facts (a hash, a path) are added. `upload`: whether unknown
 * files are uploaded. Call the function within a transaction.
 */
export function createPut(
  database: Database,
  upload: boolean,
): (sample: SeenSample, now: number, again: number) => PutOutcome {
  const bySha256 = database.prepare<[string], Row>('SELECT * FROM samples WHERE sha256 = ?');
  const byMd5 = database.prepare<[string], Row>(
    'SELECT * FROM samples WHERE md5 = ? ORDER BY sha256 IS NOT NULL, sample',
  );
  const insert = database.prepare(
    `INSERT INTO samples (sha256, md5, state, priority, class, path, cause_id, cause_sensor, seen_at)
     VALUES (?, ?, 'new', ?, ?, ?, ?, ?, ?)`,
  );
  const fill = database.prepare(
    'UPDATE samples SET sha256 = ?, md5 = ?, path = ?, class = ?, priority = min(priority, ?) WHERE sample = ?',
  );
  const renew = database.prepare(
    `UPDATE samples SET state = 'new', seen_at = ?, next_at = 0, failures = 0, polls = 0, analysis = NULL,
     recheck_at = NULL, uploaded = 0, priority = ?, cause_id = ?, cause_sensor = ? WHERE sample = ?`,
  );
  const countClass = database.prepare(
    'INSERT INTO classes (class, count) VALUES (?, 1) ON CONFLICT (class) DO UPDATE SET count = count + 1',
  );

  /** Attackers can make two files with the same MD5. Then their SHA-256 tells them apart. */
  function find(sha256: string | undefined, md5: string | undefined): Row | undefined {
    const exact = sha256 === undefined ? undefined : bySha256.get(sha256);
    if (exact !== undefined || md5 === undefined) return exact;
    const row = byMd5.get(md5);
    return sha256 !== undefined && row !== undefined && row.sha256 !== null ? undefined : row;
  }

  return (sample, now, again) => {
    const sha256 = hashOf(sample.sha256, 64);
    const md5 = hashOf(sample.md5, 32);
    if (sha256 === undefined && md5 === undefined) return 'refused';
    const { path, cause, seenAt = now, priority = 0 } = sample;
    const kind = classOf(sample);
    const row = find(sha256, md5);
    if (row === undefined) {
      const { id = null, sensor = null } = cause ?? {};
      insert.run(sha256 ?? null, md5 ?? null, priority, kind, path ?? null, id, sensor, seenAt);
      countClass.run(kind);
      return 'new';
    }
    const newClass = kind === '' ? row.class : kind;
    if (newClass !== row.class) countClass.run(newClass);
    const newSha256 = sha256 ?? row.sha256;
    const newMd5 = md5 ?? row.md5;
    const newPath = sample.isKept ? (path ?? row.path) : (row.path ?? path ?? null);
    // Most downloads are of known files, which need no write.
    const isSame = newSha256 === row.sha256 && newMd5 === row.md5 && newPath === row.path;
    if (!isSame || newClass !== row.class || priority < row.priority)
      fill.run(newSha256, newMd5, newPath, newClass, priority, row.sample);
    // A sensor reports a file before a store has kept it. A file that could not be uploaded then can be now.
    const isLate = upload && sample.isKept === true && row.verdict === 'unknown' && row.uploaded === 0;
    const holds = (row.verdict_at ?? 0) > now - again && !(isLate && newPath !== row.path);
    if (row.state !== 'done' || holds) return 'known';
    renew.run(seenAt, priority, cause?.id ?? null, cause?.sensor ?? null, row.sample);
    return 'again';
  };
}
