export { default, type XmppOptions } from './xmpp.ts';
