//! The long help texts of `upnp-probe`: what a manual page would say. Nothing else.

pub(super) const ABOUT: &str = "\
Finds what answers UPnP on the local network, and every port that programs have opened on its gateways.

upnp-probe searches by multicast (SSDP, IPv4 and IPv6, from every chosen interface), reads the description of whoever \
answers, and asks gateways (IGD 1 and 2) for all their port mappings, around entries that break other programs. It \
needs no permission. Only add, remove and call change anything, and they ask first.";

pub(super) const AFTER: &str = "\
EXIT STATUS
  0  looked (or done), and nothing deserves a look
  1  looked, and something does: the lines that begin with !
  2  could not look, or the change was not made

TIME
  The first second sends one frame an interface and listens: a search can feed a storm that is already there. With a \
healthy gateway the answer is there within 3 s. Where nobody answers, the search goes on for up to 4 s, and explains \
what usually causes that. --timeout bounds everything.

ENVIRONMENT
  LC_ALL, LC_MESSAGES, LANG  language of sentences and tables, unless --lang is given; this help is English
  NO_COLOR                   no colours, whatever its value

SAFETY
  Whatever a device says is printed without control characters. A description is fetched only from the address that \
answered (in IPv6, or from its link), without redirects, in bounded time and size.

EXAMPLES
  upnp-probe                                     every gateway, port and device
  upnp-probe --interface eth0 --format json      gateways, for programs
  upnp-probe show 192.168.1.1                    everything the router can be asked
  upnp-probe watch --for 10m                     who opens ports while you start that game
  upnp-probe add --external 8443 --internal 192.168.1.20:443 --protocol tcp --lease 3600
  upnp-probe remove tcp 8443";

pub(super) const SHOW: &str = "\
DEVICE is compared with addresses and UDNs (with or without \"uuid:\"), then with whole names, then with parts of \
names, in any case. If it fits several devices they are listed, and the exit status is 2.

EXAMPLES
  upnp-probe show 192.168.1.1
  upnp-probe show \"living room\" --format json";

pub(super) const WATCH: &str = "\
Searches every --interval, and hears what devices announce by themselves (NOTIFY on UDP port 1900) at once. A device \
that says goodbye counts as gone after 3 s without another word, because many say so when they restart; one that falls \
silent, when the life of its last announcement is over. What is there at the start is no change.

With --format json each line is one object with the keys \"event\" (device or port_mapping) and \"change\".

Ends at Ctrl-C or after --for, with exit status 0.";

pub(super) const ADD: &str = "\
Sends AddPortMapping to the gateway and shows exactly what before it does; then asks the gateway whether the mapping is \
there. Without a terminal to confirm on it refuses with exit status 2, unless --yes is given. If the gateway refuses, \
its error is explained with the next step.

Anybody on the Internet can then reach the internal port. A lease ends by itself: prefer it to one without an end.

EXAMPLES
  upnp-probe add --external 8443 --internal 192.168.1.20:443 --protocol tcp
  upnp-probe add --external 51820 --internal 192.168.1.20:51820 --protocol udp --lease 0 --description WireGuard --yes";

pub(super) const REMOVE: &str = "\
Sends DeletePortMapping to the gateway, and shows exactly what and whom the port leads to before it does. Without a \
terminal to confirm on it refuses with exit status 2, unless --yes is given. A program that wants the port may open it \
again: `upnp-probe watch` shows when.

EXAMPLES
  upnp-probe remove tcp 8443
  upnp-probe remove udp 51820 --gateway 192.168.1.1 --yes";

pub(super) const EXPORT: &str = "\
JSON: an object with \"devices\" and \"gateways\", complete. CSV: a line for each mapping (RFC 4180), with whether \
it can be reached, and why; texts that a spreadsheet would take for a formula get an apostrophe in front.

EXAMPLES
  upnp-probe export > network.json
  upnp-probe export --format csv > ports.csv";

pub(super) const CALL: &str = "\
For those who know the service. SERVICE is the end of a service type or id (WANIPConnection:1, WANIPConn1), ACTION as \
`upnp-probe show DEVICE` lists it, and each ARG=VALUE one of its input arguments; all are needed, and types and allowed \
values are checked. An action whose name does not begin with Get may change the device: it is shown and confirmed as in \
add.

EXAMPLES
  upnp-probe call 192.168.1.1 WANIPConn1 GetStatusInfo
  upnp-probe call 192.168.1.1 WANIPConnection:1 GetSpecificPortMappingEntry NewRemoteHost= NewExternalPort=5001 \
NewProtocol=TCP";
