export { mountFindings, rotatedToFindings } from './check-file.ts';
export { beginsAsRejectsFile, explainKnownFormat, explainLines, recogniseLines } from './explain-format.ts';
export type { FormatProblem, LineContext, LineFormat, LineIncident, LineResult } from './format.ts';
export { isCut } from './lines/cut-values.ts';
export { createLineReader, type LineSettings, type ReadLine } from './lines/read-line.ts';
export { readText } from './lines/read-text.ts';
export {
  absolutePath,
  type Finding,
  type FollowSettings,
  followShape,
  type LinesSettings,
  readShape,
} from './options.ts';
export { createProgressReporter, type ProgressReporter } from './progress.ts';
export { createSessions, type SessionLimits, type Sessions, type SessionTable } from './sessions.ts';
export {
  type FollowLinesSettings,
  followLines,
  type ReadLinesSettings,
  readLines,
} from './sources.ts';
export { streamName } from './stream-name.ts';
export { firstLine } from './text/first-line.ts';
export { openText, type Text } from './text/open-text.ts';
export { createTimestampParser } from './timestamp.ts';
export { explainFileError, nameOf, unreadable } from './unreadable.ts';
