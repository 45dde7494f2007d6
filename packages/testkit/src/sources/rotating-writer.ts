import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';

/** What {@link createRotatingWriter} needs. */
export interface RotatingWriterSettings {
  readonly file: string;
  /** The line with a number, from 1 on, without its newline. */
  line(n: number): string;
  /** Lets the source run between the steps of a rotation. */
  rest(): Promise<void>;
}

/** A writer of a log. Each step leaves the file as a sensor or a rotation would. */
export interface RotatingWriter {
  /** Numbers of lines that no source can read any more, because the writer or a rotation lost them. */
  readonly mayBeLost: ReadonlySet<number>;
  /** Lines that may come twice: an extract is all that is left of them, so nothing shows that they were read. */
  readonly mayRepeat: ReadonlySet<number>;
  /** The number of the last line. */
  written(): number;
  /** Writes the next lines, after the rest of a line that was begun. */
  write(count: number): void;
  /** Writes the first half of the next line. */
  begin(): void;
  /** Renames the file and writes `late` more lines to it; then writes to a new one, created at once or with its first line. */
  rename(late: number, create: boolean): Promise<void>;
  /** Copies and truncates the file; lines written in between are lost, as with copytruncate. */
  copyAndCut(between: number): Promise<void>;
  /** Truncates the file. */
  cut(): void;
  /** Keeps only the last lines of the file, in a new file or in place. */
  trim(keep: number, inPlace: boolean): Promise<void>;
  /** Puts an extract of the file beside it, under a name that a rotation makes, or another one. */
  extract(keep: number, name: string): void;
  /** Replaces the file by another one with the same text. */
  replace(): Promise<void>;
  /** Compresses an earlier part, 1 for the latest. */
  gzip(index: number): Promise<void>;
}

/** Writes numbered lines to a file and rotates it in every way, as writers and logrotate do. */
export function createRotatingWriter({ file, line, rest }: RotatingWriterSettings): RotatingWriter {
  const numberedLine = (n: number) => `${line(n)}\n`;
  const mayBeLost = new Set<number>();
  /** Lines of extracts that are named like parts, and those of them that are nowhere else any more. */
  const [extracted, mayRepeat] = [new Set<number>(), new Set<number>()];
  let inFile: number[] = [];
  let target = file;
  let written = 0;
  let half: string | undefined;

  const beside = (index: number, gz = '') => `${file}.${index}${gz}`;

  /** Completes a line that was begun. */
  function complete(): void {
    if (half === undefined) return;
    appendFileSync(target, half);
    half = undefined;
  }
  function removed(numbers: readonly number[]): void {
    for (const n of numbers) {
      mayBeLost.add(n);
      if (extracted.has(n)) mayRepeat.add(n);
    }
  }
  function spoil(): void {
    if (half !== undefined) mayBeLost.add(written);
  }
  /** Renames the earlier parts to the next number. */
  async function shift(): Promise<void> {
    let last = 1;
    while (existsSync(beside(last)) || existsSync(beside(last, '.gz'))) last += 1;
    for (let index = last - 1; index >= 1; index -= 1) {
      for (const gz of ['', '.gz'])
        if (existsSync(beside(index, gz))) renameSync(beside(index, gz), beside(index + 1, gz));
      await rest();
    }
  }
  function write(count: number): void {
    complete();
    let text = '';
    for (let i = 0; i < count; i += 1) {
      written += 1;
      inFile.push(written);
      text += numberedLine(written);
    }
    appendFileSync(target, text);
  }

  return {
    mayBeLost,
    mayRepeat,
    written: () => written,
    write,
    begin() {
      complete();
      written += 1;
      inFile.push(written);
      const begun = numberedLine(written);
      const middle = begun.length >> 1;
      appendFileSync(target, begun.slice(0, middle));
      half = begun.slice(middle);
    },
    async rename(late: number, create: boolean) {
      if (target !== file || !existsSync(file)) return;
      await shift();
      renameSync(file, beside(1));
      target = beside(1);
      if (create) writeFileSync(file, '');
      await rest();
      if (late > 0) write(late);
      spoil();
      half = undefined;
      inFile = [];
      target = file;
    },
    async copyAndCut(between: number) {
      if (!existsSync(file)) return;
      await shift();
      copyFileSync(file, beside(1));
      spoil();
      await rest();
      const from = written;
      if (between > 0) write(between);
      for (let n = from + 1; n <= written; n += 1) mayBeLost.add(n);
      truncateSync(file);
      // If half a line was copied, the other half begins the file.
      inFile = [];
    },
    cut() {
      if (!existsSync(file)) return;
      removed(inFile);
      truncateSync(file);
      inFile = [];
    },
    async trim(keep: number, inPlace: boolean) {
      if (!existsSync(file) || target !== file) return;
      complete();
      const kept = keep === 0 ? [] : inFile.slice(-keep);
      removed(inFile.filter((n) => !kept.includes(n)));
      const text = kept.map(numberedLine).join('');
      inFile = kept;
      if (inPlace) {
        truncateSync(file);
        await rest();
        appendFileSync(file, text);
      } else {
        writeFileSync(`${file}~`, text);
        await rest();
        renameSync(`${file}~`, file);
      }
    },
    extract(keep: number, name: string) {
      if (!existsSync(file)) return;
      const lines = inFile.slice(-keep - 2, -1);
      writeFileSync(`${file}${name}`, lines.map(numberedLine).join(''));
      for (const n of lines) if (/[\d]$/.test(name)) extracted.add(n);
    },
    async replace() {
      if (!existsSync(file)) return;
      copyFileSync(file, `${file.replace(/[^/]*$/, '')}.new`);
      await rest();
      renameSync(`${file.replace(/[^/]*$/, '')}.new`, file);
    },
    async gzip(index: number) {
      const plain = beside(index);
      if (!existsSync(plain) || target === plain) return;
      const bytes = gzipSync(readFileSync(plain));
      writeFileSync(`${plain}.gz`, bytes.subarray(0, bytes.length >> 1));
      await rest();
      appendFileSync(`${plain}.gz`, bytes.subarray(bytes.length >> 1));
      await rest();
      unlinkSync(plain);
    },
  };
}
