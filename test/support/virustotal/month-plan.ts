import { createHash } from 'node:crypto';

/** A file of the simulated month. */
export interface PlannedFile {
  /** Its content, as text. */
  readonly content: string;
  readonly md5: string;
  readonly sha256: string;
  /** Whether VirusTotal knows it. */
  readonly known: boolean;
}

/** A download of a file, at a time in milliseconds since the Unix epoch. */
export interface PlannedDownload {
  readonly at: number;
  readonly file: number;
}

/** The files and downloads of a month. */
export interface MonthPlan {
  readonly start: number;
  readonly files: readonly PlannedFile[];
  readonly downloads: readonly PlannedDownload[];
}

const DAY = 86_400_000;

/** Random numbers from 0 to 1, the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Creates a month: each file appears at some time, many of them in two outbreaks of a polymorphic worm, and is downloaded
 * again later, popular files far more often. VirusTotal does not know one file in seven.
 */
export function planMonth(seed: number, unique: number, total: number): MonthPlan {
  const random = createRandom(seed);
  const start = Date.UTC(2026, 2, 1);
  const files: PlannedFile[] = [];
  const downloads: PlannedDownload[] = [];
  const firstAt: number[] = [];
  for (let index = 0; index < unique; index += 1) {
    const content = `sample ${seed} ${index}`;
    const hash = (algorithm: string) => createHash(algorithm).update(content).digest('hex');
    files.push({ content, md5: hash('md5'), sha256: hash('sha256'), known: index % 7 !== 0 });
    const outbreak = index % 5 === 0 ? (index % 2 === 0 ? 6 : 17) : undefined;
    const day = outbreak === undefined ? random() * 29 : outbreak + random() * 0.2;
    firstAt.push(start + day * DAY);
    downloads.push({ at: firstAt[index] ?? start, file: index });
  }
  while (downloads.length < total) {
    const file = Math.floor(unique * random() ** 3);
    const from = firstAt[file] ?? start;
    downloads.push({ at: from + random() * (start + 30 * DAY - from), file });
  }
  downloads.sort((left, right) => left.at - right.at);
  return { start, files, downloads: downloads.map(({ at, file }) => ({ at: Math.floor(at), file })) };
}
