/** What became of a file: VirusTotal knew it, has analysed it for us, does not know it, or was not asked. */
export type VerdictState = 'known' | 'analysed' | 'unknown' | 'skipped';

/** What `ihandler.virustotal.verdict` says. Times in milliseconds since the Unix epoch. */
export interface Verdict {
  readonly state: VerdictState;
  readonly sha256?: string;
  readonly md5?: string;
  readonly askedAt: number;
  readonly stats?: Readonly<Record<string, number>>;
  /** How many engines call it malicious or suspicious, of how many that gave an opinion. */
  readonly malicious?: number;
  readonly engines?: number;
  readonly label?: string;
  readonly type?: string;
  readonly names?: readonly string[];
  readonly permalink?: string;
  readonly analysedAt?: number;
  readonly firstSeenAt?: number;
  /** Why it was not asked, or not uploaded. */
  readonly reason?: string;
  /** The answers of the engines, in the form of the API 2; not a part of the incident. */
  readonly scans?: Readonly<Record<string, Scan>>;
}

/** What one engine says. */
export interface Scan {
  readonly detected: boolean;
  /** Null unless it is detected. */
  readonly result: string | null;
  readonly version: string | null;
  readonly update: string | null;
}
