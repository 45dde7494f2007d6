/**
 * The SIP methods that a database stores as bits, in the order of the bits of `sip_commands.sip_command_allow`, starting at bit 0. Every
 * other method is `UNKNOWN`. Upper case only.
 */
export const SIP_METHODS: readonly string[] = Object.freeze([
  'UNKNOWN',
  'ACK',
  'BYE',
  'CANCEL',
  'INFO',
  'INVITE',
  'MESSAGE',
  'NOTIFY',
  'OPTIONS',
  'PRACK',
  'PUBLISH',
  'REFER',
  'REGISTER',
  'SUBSCRIBE',
  'UPDATE',
]);
