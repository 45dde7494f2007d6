import { readLines, recogniseLines } from '@ihandler/source-kit';
import { format } from './format.js';

/**
 * Whether a file holds lines of this sensor.
 * @param {Uint8Array} head
 */
export function recognises(head) {
  return recogniseLines(format, head);
}

/**
 * Reads a log of the sensor to its end.
 * @param {import('@ihandler/core').FileSourceOptions} options
 */
export default function exampleName(options) {
  return readLines({ ...options, name: 'example-name', format });
}
