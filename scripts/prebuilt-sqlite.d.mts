export interface PrebuiltSqlite {
  /** The version of better-sqlite3 that the binary belongs to: install exactly that one. */
  readonly version: string;
  /** What an installation by npm or pnpm needs in its environment to take the binary. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Puts the binary of this workspace into an existing folder, as the archive that better-sqlite3 looks for. */
export function prebuiltSqlite(folder: string): PrebuiltSqlite;
