#!/usr/bin/env python3
"""Compares /snmp with Debian's prometheus-snmp-exporter on recorded walks, series by series.

    STORMGLASS_WALKS=folder tests/walks/differential.py [path of the stormglass binary]

Each `.snmprec` file of the folder is served on loopback by an SNMPv2c agent of this script's own, so that neither
stormglass's codec nor the harness's is trusted. Its values stand still: names, labels and values must be the same. Ends with
1 if anything differs, 2 if nothing could be compared. Needs the Debian package prometheus-snmp-exporter.
"""

import bisect
import http.client
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

EXPORTER, OURS = 19116, 19117
MAX_REPLY = 1400
# Columns of IF-MIB (RFC 2863) with the exporter's types, written down here: arc, name, type.
IF_ENTRY = """1 ifIndex gauge,3 ifType EnumAsInfo,4 ifMtu gauge,5 ifSpeed gauge,6 ifPhysAddress PhysAddress48,
7 ifAdminStatus gauge,8 ifOperStatus gauge,9 ifLastChange gauge,10 ifInOctets counter,11 ifInUcastPkts counter,
12 ifInNUcastPkts counter,13 ifInDiscards counter,14 ifInErrors counter,15 ifInUnknownProtos counter,16 ifOutOctets counter,
17 ifOutUcastPkts counter,18 ifOutNUcastPkts counter,19 ifOutDiscards counter,20 ifOutErrors counter,21 ifOutQLen gauge,
22 ifSpecific OctetString"""
IF_X_ENTRY = """2 ifInMulticastPkts counter,3 ifInBroadcastPkts counter,4 ifOutMulticastPkts counter,
5 ifOutBroadcastPkts counter,6 ifHCInOctets counter,7 ifHCInUcastPkts counter,8 ifHCInMulticastPkts counter,
9 ifHCInBroadcastPkts counter,10 ifHCOutOctets counter,11 ifHCOutUcastPkts counter,12 ifHCOutMulticastPkts counter,
13 ifHCOutBroadcastPkts counter,14 ifLinkUpDownTrapEnable gauge,15 ifHighSpeed gauge,16 ifPromiscuousMode gauge,
17 ifConnectorPresent gauge,19 ifCounterDiscontinuityTime gauge"""


# ---- An agent that answers from a walk ----


def tlv(tag, content):
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def number(tag, value):
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def arcs(oid):
    out = bytearray([oid[0] * 40 + oid[1]])
    for arc in oid[2:]:
        part = [arc & 127]
        while arc := arc >> 7:
            part.insert(0, arc & 127 | 128)
        out += bytes(part)
    return bytes(out)


def value_of(tag, text):
    if tag.endswith(b"x"):
        return tlv(int(tag[:-1]), bytes.fromhex(text.decode()))
    kind = int(tag)
    if kind == 6:
        return tlv(6, arcs([int(arc) for arc in text.decode().strip(".").split(".")]))
    if kind == 64:
        return tlv(64, bytes(int(part) for part in text.split(b".")))
    if kind in (4, 68):
        return tlv(kind, text)
    if kind == 5:
        return tlv(5, b"")
    limit = {65: 1 << 32, 66: 1 << 32, 67: 1 << 32, 70: 1 << 64}.get(kind)
    return number(kind, int(text) % limit if limit else int(text))


def walk(path):
    """Identifiers in order, and the encoded value of each."""
    found = {}
    for line in path.read_bytes().split(b"\n"):
        line = line.rstrip(b"\r")
        if not line or line.startswith(b"#"):
            continue
        oid, tag, text = line.split(b"|", 2)
        found[tuple(int(arc) for arc in oid.decode().strip(".").split("."))] = value_of(tag, text)
    return sorted(found), found


def parts(data):
    """The elements of a constructed value: tag, content."""
    at, found = 0, []
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
        found.append((tag, data[at : at + size]))
        at += size
    return found


def oid_of(content):
    oid, arc = [content[0] // 40, content[0] % 40], 0
    for byte in content[1:]:
        arc = arc << 7 | byte & 127
        if not byte & 128:
            oid.append(arc)
            arc = 0
    return tuple(oid)


def answer(request, order, values):
    version, community, pdu = parts(parts(request)[0][1])
    kind = pdu[0]
    ident, second, third, names = parts(pdu[1])
    names = [oid_of(parts(binding)[0][1]) for _, binding in parts(names[1])]
    out, size = [], 0

    def after(oid):
        place = bisect.bisect_right(order, oid)
        return (order[place], values[order[place]]) if place < len(order) else (oid, tlv(0x82, b""))

    def put(oid, value):
        nonlocal size
        binding = tlv(0x30, tlv(6, arcs(oid)) + value)
        size += len(binding)
        out.append(binding)
        return size <= MAX_REPLY

    if kind == 0xA0:
        for oid in names:
            put(oid, values.get(oid, tlv(0x81, b"")))
    elif kind == 0xA1:
        for oid in names:
            put(*after(oid))
    else:
        once = int.from_bytes(second[1], "big")
        for oid in names[:once]:
            put(*after(oid))
        rest = list(names[once:])
        for _ in range(int.from_bytes(third[1], "big")):
            rows = [after(oid) for oid in rest]
            if not all([put(*row) for row in rows]) or all(value == tlv(0x82, b"") for _, value in rows):
                break
            rest = [oid for oid, _ in rows]
    body = tlv(2, ident[1]) + number(2, 0) + number(2, 0) + tlv(0x30, b"".join(out))
    return tlv(0x30, tlv(2, version[1]) + tlv(4, community[1]) + tlv(0xA2, body))


def serve(path):
    """Answers on loopback until this program ends; gives the port."""
    order, values = walk(path)
    box = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    box.bind(("127.0.0.1", 0))

    def run():
        while True:
            request, peer = box.recvfrom(65535)
            box.sendto(answer(request, order, values), peer)

    threading.Thread(target=run, daemon=True).start()
    return box.getsockname()[1]


# ---- The two that are compared ----


def exporter_config(if_types):
    lookups = "".join(
        f"    - {{labels: [ifIndex], labelname: {name}, oid: {oid}, type: DisplayString}}\n"
        for name, oid in [
            ("ifAlias", "1.3.6.1.2.1.31.1.1.1.18"),
            ("ifDescr", "1.3.6.1.2.1.2.2.1.2"),
            ("ifName", "1.3.6.1.2.1.31.1.1.1.1"),
        ]
    )
    text = "if_mib:\n  walk: [1.3.6.1.2.1.2, 1.3.6.1.2.1.31.1.1]\n  get: [1.3.6.1.2.1.1.3.0]\n  metrics:\n"
    for name, oid in [("sysUpTime", "1.3.6.1.2.1.1.3"), ("ifNumber", "1.3.6.1.2.1.2.1")]:
        text += f"  - {{name: {name}, oid: {oid}, type: gauge, help: x}}\n"
    for entry, columns in [("1.3.6.1.2.1.2.2.1", IF_ENTRY), ("1.3.6.1.2.1.31.1.1.1", IF_X_ENTRY)]:
        for column in columns.replace("\n", "").split(","):
            arc, name, kind = column.split(" ")
            text += f"  - name: {name}\n    oid: {entry}.{arc}\n    type: {kind}\n    help: x\n"
            text += f"    indexes: [{{labelname: ifIndex, type: gauge}}]\n    lookups:\n{lookups}"
            if kind == "EnumAsInfo":
                text += "    enum_values: {" + ", ".join(f"{n}: {name}" for n, name in if_types) + "}\n"
    return text + "  version: 2\n  timeout: 20s\n  auth: {community: public}\n"


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path, headers={"X-Prometheus-Scrape-Timeout-Seconds": "100"})
    reply = connection.getresponse()
    return reply.status, reply.read().decode()


def until_ready(port, path):
    for _ in range(600):
        try:
            if get(port, path)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    sys.exit(f"nobody answers on port {port}")


def series(text):
    found = {}
    for line in re.split(r"\n(?=[a-zA-Z_#])", text):
        if line and not line.startswith("#") and not line.startswith("snmp_scrape_"):
            name, value = line.rstrip("\n").rsplit(" ", 1)
            found[name] = float(value)
    return found


def main():
    folder = os.environ.get("STORMGLASS_WALKS")
    if not folder or not shutil.which("prometheus-snmp-exporter"):
        print("set STORMGLASS_WALKS to a folder of .snmprec files, and install prometheus-snmp-exporter", file=sys.stderr)
        return 2
    root = pathlib.Path(__file__).resolve().parents[2]
    program = sys.argv[1] if len(sys.argv) > 1 else str(root / "target/debug/stormglass")
    walks = sorted(pathlib.Path(folder).glob("*.snmprec"))
    ports = [serve(path) for path in walks]
    # Names of interface types are numbers' words alone; they are no part of what is compared.
    if_types = re.findall(r'\((\d+), "(\w+)"\)', (root / "src/mib/if_type.rs").read_text())
    home = pathlib.Path(tempfile.mkdtemp())
    (home / "snmp.yml").write_text(exporter_config(if_types))
    targets = ", ".join(f'{{name: w{n}, address: "127.0.0.1:{port}"}}' for n, port in enumerate(ports))
    (home / "stormglass.yml").write_text(
        f"snmp: {{interval: 1h, timeout: 1m, targets: [{targets}]}}\ncapture: {{interfaces: none}}\n"
        f'upnp: {{interfaces: none}}\nweb: {{listen: ["127.0.0.1:{OURS}"]}}\n'
    )
    commands = [
        ["prometheus-snmp-exporter", f"--config.file={home}/snmp.yml", f"--web.listen-address=127.0.0.1:{EXPORTER}"],
        [program, "serve", f"--config.file={home}/stormglass.yml"],
    ]
    log = open(home / "log", "w")
    running = [subprocess.Popen(command, stdout=log, stderr=log) for command in commands]
    different = compared = 0
    try:
        until_ready(EXPORTER, "/")
        until_ready(OURS, "/-/healthy")
        for n, (path, port) in enumerate(zip(walks, ports)):
            status, theirs = get(EXPORTER, "/snmp?" + urllib.parse.urlencode({"target": f"127.0.0.1:{port}", "module": "if_mib"}))
            our_status, ours = get(OURS, f"/snmp?target=w{n}&module=if_mib")
            if status != 200 or our_status != 200:
                # The exporter fails a whole scrape for one name that is no UTF-8; we replace its letters.
                print(f"{path.stem:<30} theirs {status}, ours {our_status}: {(theirs if status != 200 else ours)[:300]!r}")
                different += our_status != 200
                continue
            theirs, ours = series(theirs), series(ours)
            values = [name for name in theirs.keys() & ours.keys() if theirs[name] != ours[name]]
            missing, more = theirs.keys() - ours.keys(), ours.keys() - theirs.keys()
            compared += 1
            different += bool(values or missing or more)
            print(
                f"{path.stem:<30} {len(theirs):>6} series theirs, {len(ours):>6} ours; {len(values)} values differ, "
                f"{len(missing)} only theirs, {len(more)} only ours"
            )
            for what, names in [("differs", values), ("only theirs", missing), ("only ours", more)]:
                for name in sorted(names)[:5]:
                    print(f"    {what}: {name} {theirs.get(name)} {ours.get(name)}")
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()
    print(f"{compared} walks compared, {different} differ")
    return 2 if compared == 0 else int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
