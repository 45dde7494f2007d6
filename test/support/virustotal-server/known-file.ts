import { createHash } from 'node:crypto';

/** A file that the server knows. Times in milliseconds since the Unix epoch. */
export interface KnownFile {
  readonly sha256: string;
  readonly sha1: string;
  readonly md5: string;
  readonly size: number;
  readonly firstSeen: number;
  /** When its last analysis is complete. Before that, the report has no analysis. */
  readonly analysedAt: number;
  /** The number of engines that rate it malicious. */
  readonly malicious: number;
}

const ENGINES = Array.from({ length: 12 }, (_, index) => `Engine ${String.fromCharCode(65 + index)}`);

/** A made-up file that has only hashes. */
export function madeUpFile(name: string, now: number, malicious = 8): KnownFile {
  const hash = (algorithm: string) => createHash(algorithm).update(name).digest('hex');
  return {
    sha256: hash('sha256'),
    sha1: hash('sha1'),
    md5: hash('md5'),
    size: name.length,
    firstSeen: now - 400 * 86_400_000,
    analysedAt: now - 3 * 86_400_000,
    malicious,
  };
}

/** The results of the engines: some malicious, then one suspicious, one without an opinion, the others clean. */
function results(file: KnownFile) {
  return Object.fromEntries(
    ENGINES.map((name, index) => {
      const [category, result] =
        index < file.malicious
          ? ['malicious', `Trojan.${name.at(-1)}`]
          : index === ENGINES.length - 1
            ? ['type-unsupported', null]
            : index === ENGINES.length - 2
              ? ['timeout', null]
              : index === file.malicious && file.malicious > 0
                ? ['suspicious', 'Heuristic']
                : ['undetected', null];
      const answer = {
        category,
        engine_name: name,
        engine_version: '1.0',
        engine_update: '20260101',
        method: 'blacklist',
        result,
      };
      return [name, answer] as const;
    }),
  );
}

/** The number of engines for each result. */
export function statsOf(file: KnownFile) {
  const stats: Record<string, number> = {
    malicious: 0,
    suspicious: 0,
    undetected: 0,
    harmless: 0,
    timeout: 0,
    'confirmed-timeout': 0,
    failure: 0,
    'type-unsupported': 0,
  };
  for (const { category } of Object.values(results(file)))
    stats[String(category)] = (stats[String(category)] ?? 0) + 1;
  return stats;
}

/** The body of a file report. */
export function fileReport(file: KnownFile, base: string, now: number) {
  const analysed = now >= file.analysedAt && {
    last_analysis_date: Math.floor(file.analysedAt / 1000),
    last_analysis_stats: statsOf(file),
    last_analysis_results: results(file),
    popular_threat_classification:
      file.malicious > 0 ? { suggested_threat_label: 'trojan.conficker/kido' } : null,
  };
  return {
    data: {
      type: 'file',
      id: file.sha256,
      links: { self: `${base}/files/${file.sha256}` },
      attributes: {
        sha256: file.sha256,
        sha1: file.sha1,
        md5: file.md5,
        size: file.size,
        type_description: 'Win32 DLL',
        type_tag: 'pedll',
        names: ['x.dll', '..\\..\\evil\u001b[31m.exe'],
        tags: ['pedll'],
        reputation: -10,
        times_submitted: 3,
        first_submission_date: Math.floor(file.firstSeen / 1000),
        last_submission_date: Math.floor(file.firstSeen / 1000),
        ...analysed,
      },
    },
  };
}
