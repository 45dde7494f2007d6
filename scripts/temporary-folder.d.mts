/** The folder for temporary files: the one that TMPDIR names, or one in memory where there is one with room, or the system's. */
export function temporaryFolder(): string;
