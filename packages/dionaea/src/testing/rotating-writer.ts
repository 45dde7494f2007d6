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

/** A line of log_incident with its number. */
export function numberedLine(n: number): string {
  const time = new Date(Date.UTC(2026, 10, 22) + n * 1000).toISOString().slice(0, 19);
  return `{"timestamp": "${time}", "name": "dionaea", "origin": "dionaea.download.offer", "data": {"url": "http://192.0.2.1/${n}"}}\n`;
}

/** The number of a line, from the URL in its incident. */
export function numberOf(url: unknown): number {
  return Number(String(url).slice('http://192.0.2.1/'.length));
}

/** Writes numbered lines to a file and rotates it in every way. `rest` lets the follower run in between. */
export function createRotatingWriter(file: string, rest: () => Promise<void>) {
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
    /** Lines that may come twice: an extract is all that is left of them, so nothing shows that they were read. */
    mayRepeat,
    written: () => written,
    write,
    begin() {
      complete();
      written += 1;
      inFile.push(written);
      const line = numberedLine(written);
      appendFileSync(target, line.slice(0, 50));
      half = line.slice(50);
    },
    /** Renames the file and writes `late` more lines to it; then writes to a new one, created at once or with its first line. */
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
    /** Copies and truncates the file; lines written in between are lost, as with copytruncate. */
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
    /** Keeps only the last lines of the file, in a new file or in place. */
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
    /** Puts an extract of the file beside it, under a name that a rotation makes, or another one. */
    extract(keep: number, name: string) {
      if (!existsSync(file)) return;
      const lines = inFile.slice(-keep - 2, -1);
      writeFileSync(`${file}${name}`, lines.map(numberedLine).join(''));
      for (const n of lines) if (/[\d]$/.test(name)) extracted.add(n);
    },
    /** Replaces the file by another one with the same text. */
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
