// Helpers for handlers and sources, beside the contract: nothing here is needed to keep it.
export { SIP_METHODS } from '../catalogue/sip-methods.ts';
export { errorCode } from '../contract/error.ts';
export {
  decodeValue,
  encodeValue,
  type ReceiveOptions,
  receiveIncident,
} from '../incident/incident-codec.ts';
export { compileEntryFilter, withinNetworks } from '../routing/entry-filter.ts';
export { type Backoff, backoffDelay, pause } from '../timing/retry.ts';
export { createThrottledLog, type ThrottledLog } from '../timing/throttled-log.ts';
export { ageOption, sizeOption } from './age-and-size.ts';
export { chooseInstance } from './choose-instance.ts';
export { type FileWriter, fileWriters } from './file-writers.ts';
export { parseDomains, parseLevels } from './log-filter.ts';
export { maskSensor } from './mask-sensor.ts';
export { isGone, type OpenSample, openSample } from './open-sample.ts';
export { parseTime } from './parse-time.ts';
export { formatReject, parseReject } from './reject-line.ts';
export { createReorderBuffer, type ReorderBuffer, type SequencedMessage } from './reorder-buffer.ts';
export { createStreamOwners, type StreamOwners } from './stream-owners.ts';
