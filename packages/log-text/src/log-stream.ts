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
/** A pipe that nobody reads must not hold the process up. */
const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK;

/** A log file that is open, and goes on being the same file when others rename it. */
export interface LogStream {
  /** In bytes; undefined for what is no regular file, such as a terminal. */
  size(): number | undefined;
  /** When its first line was written, as far as the file system knows, in milliseconds since the Unix epoch. */
  readonly begun: number | undefined;
  /** Whether the path still leads to it. */
  isAt(file: string): boolean;
  /**
   * Appends whole lines; resolves when the operating system has them. When that fails, what was written of them is taken
   * back, and the stream can only be closed.
   */
  write(lines: string): Promise<void>;
  /** Hands everything to the disk and closes. */
  close(): Promise<void>;
}

/** Opens for appending. A new file gets its permissions whatever the umask is; an existing one keeps its own. */
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
    // Somebody else, logrotate perhaps, made it at the same moment.
    if (errorCode(error) === 'EEXIST') return openSync(file, APPENDING);
    throw error;
  }
  try {
    fchmodSync(descriptor, MODE);
  } catch (error) {
    // A file system without permissions keeps what it has.
    if (errorCode(error) !== 'EPERM' && errorCode(error) !== 'ENOTSUP') {
      closeSync(descriptor);
      throw error;
    }
  }
  return descriptor;
}

/** Whether the file ends within a line: a crash of the machine may have cut one. */
function endsMidLine(file: string, size: number): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    // A log that may be written but not read: nobody can say.
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

interface Look {
  readonly regular: boolean;
  readonly midLine: boolean;
  readonly begun: number | undefined;
  readonly device: number;
  readonly inode: number;
}

function lookAt(descriptor: number, file: string): Look {
  const status = fstatSync(descriptor);
  const regular = status.isFile();
  const filled = regular && status.size > 0;
  // The time of birth is 0 where the file system has none, and later than the last change in a restored copy.
  const times = [status.birthtimeMs, status.mtimeMs].filter((time) => time > 0);
  return {
    regular,
    midLine: filled && endsMidLine(file, status.size),
    begun: filled ? Math.min(...times) : undefined,
    device: status.dev,
    inode: status.ino,
  };
}

/** Opens a log file, making it when it does not exist; throws the system's error. */
export function openLogStream(file: string): LogStream {
  const descriptor = openAppending(file);
  let look: Look;
  try {
    look = lookAt(descriptor, file);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  const { regular, begun, device, inode } = look;
  const stream = new SonicBoom({ fd: descriptor });
  // Whoever waits for the stream is told by `once`; an error that nobody listens to would end the process.
  stream.on('error', () => undefined);
  let midLine = look.midLine;
  let failed = false;
  let closing: Promise<unknown> | undefined;

  const size = (): number | undefined => (regular ? fstatSync(descriptor).size : undefined);

  /** Half a batch is worth nothing: all of it comes again. Leaves alone what somebody else has appended or cut meanwhile. */
  function takeBack(start: number | undefined, length: number): void {
    if (start === undefined) return;
    try {
      const end = fstatSync(descriptor).size;
      if (end > start && end <= start + length) ftruncateSync(descriptor, start);
    } catch {
      // The failure of the write is what is told. Whoever opens the file next ends the half line first.
    }
  }

  return {
    size,
    begun,
    isAt(path) {
      const status = statSync(path, { throwIfNoEntry: false });
      return status?.dev === device && status.ino === inode;
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
        // `end` would write once more what has just failed.
        if (failed) stream.destroy();
        else stream.end();
      }
      await closing;
    },
  };
}
