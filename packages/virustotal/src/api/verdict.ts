/** The result for a file: VirusTotal knew it, analysed it after an upload, does not know it, or was not asked. */
export type VerdictState = 'known' | 'analysed' | 'unknown' | 'skipped';

/** The data of `ihandler.virustotal.verdict`, with the scans. Times in milliseconds since the Unix epoch. */
export interface Verdict {
  readonly state: VerdictState;
  readonly sha256?: string;
  readonly md5?: string;
  readonly askedAt: number;
  readonly stats?: Readonly<Record<string, number>>;
  /** How many of the `engines` that gave an opinion call it malicious or suspicious. */
  readonly malicious?: number;
  readonly engines?: number;
  readonly label?: string;
  readonly type?: string;
  readonly names?: readonly string[];
  readonly permalink?: string;
  readonly analysedAt?: number;
  readonly firstSeenAt?: number;
  /** Why it was not looked up or not uploaded. */
  readonly reason?: string;
  /** The results of the engines, in the format of the v2 API. Not in the incident. */
  readonly scans?: Readonly<Record<string, Scan>>;
}

/** The result of one engine. */
export interface Scan {
  readonly detected: boolean;
  /** Null unless `detected`. */
  readonly result: string | null;
  readonly version: string | null;
  readonly update: string | null;
}
