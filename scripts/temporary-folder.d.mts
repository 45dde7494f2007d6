/** The folder for temporary files: TMPDIR, or a folder in memory with enough room, or the folder of the system. */
export function temporaryFolder(): string;
