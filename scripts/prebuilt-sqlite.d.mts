export interface PrebuiltSqlite {
  /** The version of better-sqlite3 that the binary belongs to. Install exactly this version. */
  readonly version: string;
  /** The environment with which an installation by npm or pnpm uses the binary. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Writes the binary of this workspace into an existing folder, as the archive that better-sqlite3 looks for. */
export function prebuiltSqlite(folder: string): PrebuiltSqlite;
