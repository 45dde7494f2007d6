/**
 * The tables of dionaea's log_sqlite with their columns in order, the primary key first. `emu_serivce` has dionaea's
 * spelling, because tools read that name.
 */
export const TABLES = {
  connections: [
    'connection',
    'connection_type',
    'connection_transport',
    'connection_protocol',
    'connection_timestamp',
    'connection_root',
    'connection_parent',
    'local_host',
    'local_port',
    'remote_host',
    'remote_hostname',
    'remote_port',
  ],
  dcerpcbinds: ['dcerpcbind', 'connection', 'dcerpcbind_uuid', 'dcerpcbind_transfersyntax'],
  dcerpcrequests: ['dcerpcrequest', 'connection', 'dcerpcrequest_uuid', 'dcerpcrequest_opnum'],
  emu_profiles: ['emu_profile', 'connection', 'emu_profile_json'],
  emu_services: ['emu_serivce', 'connection', 'emu_service_url'],
  offers: ['offer', 'connection', 'offer_url'],
  downloads: ['download', 'connection', 'download_url', 'download_md5_hash'],
  p0fs: [
    'p0f',
    'connection',
    'p0f_genre',
    'p0f_link',
    'p0f_detail',
    'p0f_uptime',
    'p0f_tos',
    'p0f_dist',
    'p0f_nat',
    'p0f_fw',
  ],
  logins: ['login', 'connection', 'login_username', 'login_password'],
  mssql_fingerprints: [
    'mssql_fingerprint',
    'connection',
    'mssql_fingerprint_hostname',
    'mssql_fingerprint_appname',
    'mssql_fingerprint_cltintname',
  ],
  mssql_commands: ['mssql_command', 'connection', 'mssql_command_status', 'mssql_command_cmd'],
  virustotals: ['virustotal', 'virustotal_md5_hash', 'virustotal_timestamp', 'virustotal_permalink'],
  virustotalscans: ['virustotalscan', 'virustotal', 'virustotalscan_scanner', 'virustotalscan_result'],
  mysql_commands: ['mysql_command', 'connection', 'mysql_command_cmd'],
  mysql_command_args: [
    'mysql_command_arg',
    'mysql_command',
    'mysql_command_arg_index',
    'mysql_command_arg_data',
  ],
  sip_commands: [
    'sip_command',
    'connection',
    'sip_command_method',
    'sip_command_call_id',
    'sip_command_user_agent',
    'sip_command_allow',
  ],
  sip_addrs: [
    'sip_addr',
    'sip_command',
    'sip_addr_type',
    'sip_addr_display_name',
    'sip_addr_uri_scheme',
    'sip_addr_uri_user',
    'sip_addr_uri_password',
    'sip_addr_uri_host',
    'sip_addr_uri_port',
  ],
  sip_vias: ['sip_via', 'sip_command', 'sip_via_protocol', 'sip_via_address', 'sip_via_port'],
  sip_sdp_origins: [
    'sip_sdp_origin',
    'sip_command',
    'sip_sdp_origin_username',
    'sip_sdp_origin_sess_id',
    'sip_sdp_origin_sess_version',
    'sip_sdp_origin_nettype',
    'sip_sdp_origin_addrtype',
    'sip_sdp_origin_unicast_address',
  ],
  sip_sdp_connectiondatas: [
    'sip_sdp_connectiondata',
    'sip_command',
    'sip_sdp_connectiondata_nettype',
    'sip_sdp_connectiondata_addrtype',
    'sip_sdp_connectiondata_connection_address',
    'sip_sdp_connectiondata_ttl',
    'sip_sdp_connectiondata_number_of_addresses',
  ],
  sip_sdp_medias: [
    'sip_sdp_media',
    'sip_command',
    'sip_sdp_media_media',
    'sip_sdp_media_port',
    'sip_sdp_media_number_of_ports',
    'sip_sdp_media_proto',
  ],
  mqtt_fingerprints: [
    'mqtt_fingerprint',
    'connection',
    'mqtt_fingerprint_clientid',
    'mqtt_fingerprint_willtopic',
    'mqtt_fingerprint_willmessage',
    'mqtt_fingerprint_username',
    'mqtt_fingerprint_password',
  ],
  mqtt_publish_commands: [
    'mqtt_publish_command',
    'connection',
    'mqtt_publish_command_topic',
    'mqtt_publish_command_message',
  ],
  mqtt_subscribe_commands: [
    'mqtt_subscribe_command',
    'connection',
    'mqtt_subscribe_command_messageid',
    'mqtt_subscribe_command_topic',
  ],
} as const satisfies Record<string, readonly string[]>;

/** The name of a table in which incidents become rows. */
export type Table = keyof typeof TABLES;

/** The value of a column in a new row. */
export type Cell = string | number | null;

/** The values of a row, in the order of {@link TABLES}, the primary key first. */
export type Row = Cell[];
