import { followLines } from '@ihandler/source-kit';
import { format } from './format.js';

/** The options of the source, as the manifest in package.json declares them. */
export interface Options {
  readonly file: string;
  /** The name of the sensor. */
  readonly sensor?: string;
  /** How often to check the file, in milliseconds. */
  readonly poll?: number;
}

/** Follows the log of the sensor, across rotations and restarts. */
export default function exampleNameFollow(options: Options) {
  return followLines({ ...options, name: 'example-name-follow', format });
}
