-- A Prosody for dionaea's rooms: accounts for sensors and hubs, and rooms with archives of one week.
pidfile = "/var/run/prosody/prosody.pid"
data_path = "/var/lib/prosody"
c2s_ports = { 5222 }
s2s_ports = {}
modules_enabled = { "roster", "saslauth", "tls", "disco", "ping" }
modules_disabled = { "s2s" }
allow_registration = false
c2s_require_encryption = true
-- A stanza contains an incident twice. "maxStanzaSize" of the handler must be smaller.
c2s_stanza_size_limit = 1024 * 1024
authentication = "internal_hashed"
ssl = {
  certificate = "/etc/prosody/certs/xmpp.crt",
  key = "/etc/prosody/certs/xmpp.key",
}
log = { { levels = { min = "warn" }, to = "console" } }

VirtualHost "xmpp.example.org"

Component "sensors.xmpp.example.org" "muc"
  -- Hubs read missed messages from the archives.
  modules_enabled = { "muc_mam" }
  muc_log_by_default = true
  muc_log_expires_after = "1w"
  -- By default an archive keeps only 10,000 messages.
  storage_archive_item_limit = 10000000
  -- Page size for a hub that catches up. Prosody reads the whole archive of a room for each page.
  max_archive_query_results = 1000
  -- The first occupant creates a room. It is persistent and not locked.
  restrict_room_creation = "local"
  muc_room_locking = false
  muc_room_default_persistent = true
