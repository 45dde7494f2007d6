export { assertDriver, explainDriver } from './assert-driver.ts';
export { assertKnownVersion, tableNames } from './contents.ts';
export { eraseTraces, overwriteDeleted } from './erase-traces.ts';
export { assertRegularFile, createFile, statusOf } from './file.ts';
export { LOCK_TIMEOUT, type LockPatience, openWhenUnlocked } from './lock.ts';
export { openAndSetUp, openFile, type SqliteFileOptions } from './open-file.ts';
export { classifyFailure, explainOpening, type OpeningAdvice, type SqliteFailure } from './sqlite-failure.ts';
export { unreadable } from './unreadable.ts';
export { utcStamp } from './utc-stamp.ts';
