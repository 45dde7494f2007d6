/**
 * The tables that dionaea's log_sqlite creates, with the columns, types and constraints that tools rely on. `emu_serivce` has
 * dionaea's spelling, and columns that dionaea declares without a type have none here.
 */
export const DIONAEA_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS connections (
    connection INTEGER PRIMARY KEY,
    connection_type TEXT,
    connection_transport TEXT,
    connection_protocol TEXT,
    connection_timestamp INTEGER,
    connection_root INTEGER,
    connection_parent INTEGER,
    local_host TEXT,
    local_port INTEGER,
    remote_host TEXT,
    remote_hostname TEXT,
    remote_port INTEGER
  )`,
  `CREATE TABLE IF NOT EXISTS dcerpcbinds (
    dcerpcbind INTEGER PRIMARY KEY,
    connection INTEGER,
    dcerpcbind_uuid TEXT,
    dcerpcbind_transfersyntax TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS dcerpcrequests (
    dcerpcrequest INTEGER PRIMARY KEY,
    connection INTEGER,
    dcerpcrequest_uuid TEXT,
    dcerpcrequest_opnum INTEGER
  )`,
  `CREATE TABLE IF NOT EXISTS dcerpcservices (
    dcerpcservice INTEGER PRIMARY KEY,
    dcerpcservice_uuid TEXT,
    dcerpcservice_name TEXT,
    CONSTRAINT dcerpcservice_uuid_uniq UNIQUE (dcerpcservice_uuid)
  )`,
  `CREATE TABLE IF NOT EXISTS dcerpcserviceops (
    dcerpcserviceop INTEGER PRIMARY KEY,
    dcerpcservice INTEGER,
    dcerpcserviceop_opnum INTEGER,
    dcerpcserviceop_name TEXT,
    dcerpcserviceop_vuln TEXT,
    CONSTRAINT dcerpcop_service_opnum_uniq UNIQUE (dcerpcservice, dcerpcserviceop_opnum)
  )`,
  `CREATE TABLE IF NOT EXISTS emu_profiles (
    emu_profile INTEGER PRIMARY KEY,
    connection INTEGER,
    emu_profile_json TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS emu_services (
    emu_serivce INTEGER PRIMARY KEY,
    connection INTEGER,
    emu_service_url TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS offers (
    offer INTEGER PRIMARY KEY,
    connection INTEGER,
    offer_url TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS downloads (
    download INTEGER PRIMARY KEY,
    connection INTEGER,
    download_url TEXT,
    download_md5_hash TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS resolves (
    resolve INTEGER PRIMARY KEY,
    connection INTEGER,
    resolve_hostname TEXT,
    resolve_type TEXT,
    resolve_result TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS p0fs (
    p0f INTEGER PRIMARY KEY,
    connection INTEGER,
    p0f_genre TEXT,
    p0f_link TEXT,
    p0f_detail TEXT,
    p0f_uptime INTEGER,
    p0f_tos TEXT,
    p0f_dist INTEGER,
    p0f_nat INTEGER,
    p0f_fw INTEGER
  )`,
  `CREATE TABLE IF NOT EXISTS logins (
    login INTEGER PRIMARY KEY,
    connection INTEGER,
    login_username TEXT,
    login_password TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS mssql_fingerprints (
    mssql_fingerprint INTEGER PRIMARY KEY,
    connection INTEGER,
    mssql_fingerprint_hostname TEXT,
    mssql_fingerprint_appname TEXT,
    mssql_fingerprint_cltintname TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS mssql_commands (
    mssql_command INTEGER PRIMARY KEY,
    connection INTEGER,
    mssql_command_status TEXT,
    mssql_command_cmd TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS virustotals (
    virustotal INTEGER PRIMARY KEY,
    virustotal_md5_hash TEXT NOT NULL,
    virustotal_timestamp INTEGER NOT NULL,
    virustotal_permalink TEXT NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS virustotalscans (
    virustotalscan INTEGER PRIMARY KEY,
    virustotal INTEGER NOT NULL,
    virustotalscan_scanner TEXT NOT NULL,
    virustotalscan_result TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS mysql_commands (
    mysql_command INTEGER PRIMARY KEY,
    connection INTEGER,
    mysql_command_cmd NUMBER NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS mysql_command_args (
    mysql_command_arg INTEGER PRIMARY KEY,
    mysql_command INTEGER,
    mysql_command_arg_index NUMBER NOT NULL,
    mysql_command_arg_data TEXT NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS mysql_command_ops (
    mysql_command_op INTEGER PRIMARY KEY,
    mysql_command_cmd INTEGER NOT NULL,
    mysql_command_op_name TEXT NOT NULL,
    CONSTRAINT mysql_command_cmd_uniq UNIQUE (mysql_command_cmd)
  )`,
  `CREATE TABLE IF NOT EXISTS sip_commands (
    sip_command INTEGER PRIMARY KEY,
    connection INTEGER,
    sip_command_method,
    sip_command_call_id,
    sip_command_user_agent,
    sip_command_allow INTEGER
  )`,
  `CREATE TABLE IF NOT EXISTS sip_addrs (
    sip_addr INTEGER PRIMARY KEY,
    sip_command INTEGER,
    sip_addr_type,
    sip_addr_display_name,
    sip_addr_uri_scheme,
    sip_addr_uri_user,
    sip_addr_uri_password,
    sip_addr_uri_host,
    sip_addr_uri_port
  )`,
  `CREATE TABLE IF NOT EXISTS sip_vias (
    sip_via INTEGER PRIMARY KEY,
    sip_command INTEGER,
    sip_via_protocol,
    sip_via_address,
    sip_via_port
  )`,
  `CREATE TABLE IF NOT EXISTS sip_sdp_origins (
    sip_sdp_origin INTEGER PRIMARY KEY,
    sip_command INTEGER,
    sip_sdp_origin_username,
    sip_sdp_origin_sess_id,
    sip_sdp_origin_sess_version,
    sip_sdp_origin_nettype,
    sip_sdp_origin_addrtype,
    sip_sdp_origin_unicast_address
  )`,
  `CREATE TABLE IF NOT EXISTS sip_sdp_connectiondatas (
    sip_sdp_connectiondata INTEGER PRIMARY KEY,
    sip_command INTEGER,
    sip_sdp_connectiondata_nettype,
    sip_sdp_connectiondata_addrtype,
    sip_sdp_connectiondata_connection_address,
    sip_sdp_connectiondata_ttl,
    sip_sdp_connectiondata_number_of_addresses
  )`,
  `CREATE TABLE IF NOT EXISTS sip_sdp_medias (
    sip_sdp_media INTEGER PRIMARY KEY,
    sip_command INTEGER,
    sip_sdp_media_media,
    sip_sdp_media_port,
    sip_sdp_media_number_of_ports,
    sip_sdp_media_proto
  )`,
  `CREATE TABLE IF NOT EXISTS mqtt_fingerprints (
    mqtt_fingerprint INTEGER PRIMARY KEY,
    connection INTEGER,
    mqtt_fingerprint_clientid TEXT,
    mqtt_fingerprint_willtopic TEXT,
    mqtt_fingerprint_willmessage TEXT,
    mqtt_fingerprint_username TEXT,
    mqtt_fingerprint_password TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS mqtt_publish_commands (
    mqtt_publish_command INTEGER PRIMARY KEY,
    connection INTEGER,
    mqtt_publish_command_topic TEXT,
    mqtt_publish_command_message TEXT
  )`,
  `CREATE TABLE IF NOT EXISTS mqtt_subscribe_commands (
    mqtt_subscribe_command INTEGER PRIMARY KEY,
    connection INTEGER,
    mqtt_subscribe_command_messageid TEXT,
    mqtt_subscribe_command_topic TEXT
  )`,
];
