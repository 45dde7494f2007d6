import { followLines } from '@ihandler/source-kit';
import { format } from './format.js';

/**
 * Follows the log of the sensor, across rotations and restarts.
 * @param {{ readonly file: string, readonly sensor?: string, readonly poll?: number }} options as the manifest declares them
 */
export default function exampleNameFollow(options) {
  return followLines({ ...options, name: 'example-name-follow', format });
}
