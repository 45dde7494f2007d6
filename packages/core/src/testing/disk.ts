// The testkit's, by its path: it depends on this package, so this one cannot depend on it.
export { createDisk, type Disk } from '../../../testkit/src/disk.ts';
