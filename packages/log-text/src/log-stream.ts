import { once } from 'node:events';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import { errorCode } from '@ihandler/core/kit';
import sonic from 'sonic-boom';

const { SonicBoom } = sonic;

/** The permissions of a new log file: its group may read it, others may not. */
const MODE = 0o640;
/** Non-blocking, so that a pipe without a reader does not block the process. */
const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK;

/** An open log file. It stays the same file when other programs rename it. */
export interface LogStream {
  /** In bytes; undefined for anything but a regular file, such as a terminal. */
  size(): number | undefined;
  /** The time of its first line, as far as the file system knows, in milliseconds since the Unix epoch. */
  readonly begun: number | undefined;
  /** Whether the path still leads to it. */
  isAt(file: string): boolean;
  /**
   * What another program did to the file at this path: deleted it, so that lines written to it are lost, or put another file
   * there. Undefined for one that was only renamed: logrotate does that before it sends SIGHUP.
   */
  fate(file: string): 'deleted' | 'replaced' | undefined;
  /**
   * Appends whole lines; resolves when the operating system has them. On failure it removes the part that was written,
   * and the stream can only be closed.
   */
  write(lines: string): Promise<void>;
  /** Flushes to the disk and closes. */
  close(): Promise<void>;
}

/** Opens a file for appending. A new file gets mode 0640, whatever the umask; an existing file keeps its mode. */
function openAppending(file: string): number {
  try {
    return openSync(file, APPENDING);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  let descriptor: number;
  try {
    descriptor = openSync(file, APPENDING | constants.O_CREAT | constants.O_EXCL, MODE);
  } catch (error) {
    // Another program, such as logrotate, created it at the same moment.
    if (errorCode(error) === 'EEXIST') return openSync(file, APPENDING);
    throw error;
  }
  try {
    fchmodSync(descriptor, MODE);
  } catch (error) {
    // A file system without permissions.
    if (errorCode(error) !== 'EPERM' && errorCode(error) !== 'ENOTSUP') {
      closeSync(descriptor);
      throw error;
    }
  }
  return descriptor;
}

/** Whether the file ends within a line: a crash of the machine may have cut it. */
function endsMidLine(file: string, size: number): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    // The log is writable but not readable, so it is unknown.
    if (errorCode(error) === 'EACCES') return false;
    throw error;
  }
  try {
    const last = Buffer.alloc(1);
    return readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
  } finally {
    closeSync(descriptor);
  }
}

interface FileState {
  readonly regular: boolean;
  readonly midLine: boolean;
  readonly begun: number | undefined;
  readonly device: number;
  readonly inode: number;
}

function stateOf(descriptor: number, file: string): FileState {
  const status = fstatSync(descriptor);
  const regular = status.isFile();
  const filled = regular && status.size > 0;
  // The birth time is 0 where the file system has none, and later than the last change in a restored copy.
  const times = [status.birthtimeMs, status.mtimeMs].filter((time) => time > 0);
  return {
    regular,
    midLine: filled && endsMidLine(file, status.size),
    begun: filled ? Math.min(...times) : undefined,
    device: status.dev,
    inode: status.ino,
  };
}

/** Opens a log file and creates it if it is missing. Throws the system's error. */
export function openLogStream(file: string): LogStream {
  const descriptor = openAppending(file);
  let state: FileState;
  try {
    state = stateOf(descriptor, file);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  const { regular, begun, device, inode } = state;
  const stream = new SonicBoom({ fd: descriptor });
  // `once` passes errors to the callers below; an error without a listener would end the process.
  stream.on('error', () => undefined);
  let midLine = state.midLine;
  let failed = false;
  let closing: Promise<unknown> | undefined;

  const size = (): number | undefined => (regular ? fstatSync(descriptor).size : undefined);

  /** Removes a partly written batch, which is retried as a whole. Does nothing if another program appended or cut the file. */
  function takeBack(start: number | undefined, length: number): void {
    if (start === undefined) return;
    try {
      const end = fstatSync(descriptor).size;
      if (end > start && end <= start + length) ftruncateSync(descriptor, start);
    } catch {
      // The write's failure is reported. The next open ends the partial line first.
    }
  }

  return {
    size,
    begun,
    isAt(path) {
      const status = statSync(path, { throwIfNoEntry: false });
      return status?.dev === device && status.ino === inode;
    },
    fate(path) {
      if (!regular) return undefined;
      const status = statSync(path, { throwIfNoEntry: false });
      if (status?.dev === device && status.ino === inode) return undefined;
      if (fstatSync(descriptor).nlink === 0) return 'deleted';
      return status === undefined ? undefined : 'replaced';
    },
    async write(lines) {
      const start = size();
      const text = midLine ? `\n${lines}` : lines;
      try {
        stream.write(text);
        await once(stream, 'drain');
        midLine = false;
      } catch (error) {
        failed = true;
        takeBack(start, Buffer.byteLength(text));
        throw error;
      }
    },
    async close() {
      if (closing === undefined) {
        closing = once(stream, 'close');
        // `end` would repeat the failed write.
        if (failed) stream.destroy();
        else stream.end();
      }
      await closing;
    },
  };
}
