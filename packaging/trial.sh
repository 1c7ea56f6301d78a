#!/usr/bin/env bash
# Tries the Debian package as a new user would: a fresh Debian is booted with systemd in a container that has no network but a
# virtual cable; there the package is installed, a reflected search storms, the service is asked, reloaded, removed and purged.
# Prints what happened when. Everything is below one temporary folder, and gone afterwards.
#
#   packaging/trial.sh PACKAGE.deb [ROOT]        (ROOT: a folder for the Debian, kept, for the next time)
#
# Needs root, debootstrap and systemd-container; downloads about 60 MB.
set -euo pipefail

package=$(realpath "${1:?packaging/trial.sh PACKAGE.deb [ROOT]}")
for tool in debootstrap systemd-nspawn; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: apt install debootstrap systemd-container" >&2; exit 2; }
done
root=${2:-}
if [ -z "$root" ]; then
  root=$(mktemp -d)
  trap 'rm -rf --one-file-system "$root"' EXIT
fi
[ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase \
  --include=systemd,systemd-sysv,dbus,iproute2,curl,procps,adduser,man-db,python3-minimal bookworm "$root" >/dev/null

install -m 644 "$package" "$root/opt/stormglass.deb"
cat >"$root/opt/storm.py" <<'PYTHON'
"""One search of an Echo, and for ten seconds the copies of it that a second router sends back, 1,800 a second."""
import socket, struct, time

cable = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
cable.bind(("far", 0))
echo, router = bytes.fromhex("44650d112233"), bytes.fromhex("3c846a445566")
group, address = bytes.fromhex("01005e7ffffa"), socket.inet_aton


def arp(mac, ip):
    head = struct.pack("!HHBBH", 1, 0x800, 6, 4, 1)
    return b"\xff" * 6 + mac + b"\x08\x06" + head + mac + address(ip) + bytes(6) + address("192.168.1.1")


search = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 3\r\nST: ssdp:all\r\n\r\n'
udp = struct.pack("!HHHH", 50000, 1900, 8 + len(search), 0) + search
head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 7, 0, 4, 17, 0)
head += address("192.168.1.10") + address("239.255.255.250")
total = sum(struct.unpack("!10H", head))
total = (total & 0xFFFF) + (total >> 16)
head = head[:10] + struct.pack("!H", ~total & 0xFFFF) + head[12:]
cable.send(arp(echo, "192.168.1.10"))
cable.send(arp(router, "192.168.1.100"))
time.sleep(1)
cable.send(group + echo + b"\x08\x00" + head + udp)
end = time.time() + 10
while time.time() < end:
    for _ in range(18):
        cable.send(group + router + b"\x08\x00" + head + udp)
    time.sleep(0.01)
PYTHON
cat >"$root/opt/trial.sh" <<'SHELL'
#!/bin/bash
exec >/opt/result.log 2>&1
ip link set lo up
ip link add lan type veth peer name far
ip addr add 192.168.1.5/24 dev lan
ip link set lan up
ip link set far up
began=$(date +%s%N)
step() { printf '%5d ms  %s\n' $((($(date +%s%N) - began) / 1000000)) "$*"; }
storms() { curl -s http://localhost:10116/api/v1/storms; }
apt-get install -y -q /opt/stormglass.deb >/opt/apt.log 2>&1
step "apt install: exit code $?, service $(systemctl is-active stormglass), runs as $(ps -o user= -C stormglass)"
for _ in $(seq 50); do curl -sf http://localhost:10116/-/ready && break; sleep 0.1; done
step "the page answers: $(curl -s -o /dev/null -w '%{http_code}, %{size_download} bytes' http://localhost:10116/)"
python3 /opt/storm.py &
step "an Echo searches a second from now, and a router sends that back"
for _ in $(seq 200); do storms | grep -q l3_reflector && break; sleep 0.05; done
step "named:"
stormglass last | head -3
wait
echo 'names: {"192.168.1.10": Kitchen Echo}' >>/etc/stormglass/stormglass.yml
systemctl reload stormglass
sleep 1
step "reloaded: $(journalctl -b -u stormglass -o cat --no-pager | grep -c 'was read anew') time"
systemd-analyze security stormglass --no-pager | tail -1
apt-get remove -y -q stormglass >/dev/null 2>&1
step "apt remove: the history is $(test -s /var/lib/stormglass/storms.jsonl && echo kept || echo lost)"
apt-get purge -y -q stormglass >/dev/null 2>&1
step "apt purge: $(ls -d /var/lib/stormglass /etc/stormglass 2>/dev/null | wc -l) folders left, user $(id -u stormglass 2>/dev/null || echo gone)"
SHELL
chmod 755 "$root/opt/trial.sh"
cat >"$root/etc/systemd/system/trial.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
Environment=HOME=/opt PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
ExecStart=/opt/trial.sh
ExecStopPost=/bin/systemctl poweroff --force
TimeoutStartSec=200
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -sf ../trial.service "$root/etc/systemd/system/multi-user.target.wants/trial.service"
rm -f "$root/opt/result.log"
(cd / && timeout 300 systemd-nspawn -q -D "$root" --private-network --register=no --keep-unit --boot \
  --capability=CAP_NET_ADMIN,CAP_NET_RAW </dev/null >/dev/null 2>&1) || true
cat "$root/opt/result.log"
