import { fileURLToPath } from 'node:url';

/** The path of a file in `test/recordings`, for example `dionaea-a/log_incident.ndjson`. */
export function recording(name: string): string {
  return fileURLToPath(new URL(`../recordings/${name}`, import.meta.url));
}

/** The path of the JSON file with every origin in the sources of dionaea, and the type of each of its values. */
export const REFERENCE_ORIGINS = fileURLToPath(new URL('./origins.json', import.meta.url));

/** The names of dionaea's protocols, from its source code. */
export const REFERENCE_PROTOCOLS = fileURLToPath(new URL('./protocols.json', import.meta.url));

/** The path of a file or folder in `test/data-folders`: data folders that an older release wrote. */
export function dataFolder(name: string): string {
  return fileURLToPath(new URL(`../data-folders/${name}`, import.meta.url));
}
