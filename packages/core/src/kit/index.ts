// Helpers for handlers and sources. Nothing here is needed to keep the contract.
export { errorCode } from '../contract/error.ts';
export { isSecretName } from '../contract/options.ts';
export { isRecord, property } from '../contract/property.ts';
export { describeFailure } from '../contract/text/describe-failure.ts';
export { describeValue } from '../contract/text/describe-value.ts';
export { issueText } from '../contract/text/issue-text.ts';
export { describeCode } from '../contract/text/system-error.ts';
export { yamlText } from '../contract/text/yaml-text.ts';
export { addresses } from '../incident/addresses.ts';
export {
  decodeValue,
  encodeValue,
  receiveIncident,
} from '../incident/incident-codec.ts';
export { maskSensor } from '../incident/mask/mask-sensor.ts';
export { remoteHostsOf } from '../incident/remote-hosts.ts';
export { compileEntryFilter, withinNetworks } from '../routing/entry-filter.ts';
export { normalizeNetwork } from '../routing/network.ts';
export { backoffDelay, pause } from '../timing/backoff.ts';
export { createThrottledLog, type ThrottledLog } from '../timing/throttled-log.ts';
export { DAY, HOUR, MINUTE, SECOND } from '../timing/time-units.ts';
export { chooseInstance } from './choose-instance.ts';
export { ageOption, durationOption, sizeOption } from './duration-and-size.ts';
export { explainTls } from './explain-tls.ts';
export { fileWriters, hiddenProcesses } from './files/file-writers.ts';
export { isGone, openSample } from './files/open-sample.ts';
export { readWholeFile } from './files/read-whole-file.ts';
export { foreignFormat } from './foreign-format.ts';
export { formatBytes, formatCount, formatDuration, formatTime } from './format.ts';
export { parseDomains, parseLevels } from './log-filter.ts';
export { parseTime } from './parse-time.ts';
export { formatReject, parseReject } from './reject-line.ts';
export { createReorderBuffer, type SequencedMessage } from './reorder-buffer.ts';
export { reportCompared } from './report-compared.ts';
export { SIP_METHODS } from './sip-methods.ts';
export { createStreamOwners, type StreamOwners } from './stream-owners.ts';
export { readTls, type TlsOption, type TlsSettings, tlsOption } from './tls-option.ts';
