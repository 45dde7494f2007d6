import type { FileSourceOptions } from '@ihandler/core';
import { readLines, recogniseLines } from '@ihandler/source-kit';
import { format } from './format.js';

/** Whether a file holds lines of this sensor. */
export function recognises(head: Uint8Array): boolean {
  return recogniseLines(format, head);
}

/** Reads a log of the sensor to its end. */
export default function exampleName(options: FileSourceOptions) {
  return readLines({ ...options, name: 'example-name', format });
}
