"""Makes the domain of the tests' controller in a folder: run by the system's own python3, which has Samba's modules.

Reads on standard input `{"folder", "password", "entries": [{"dn", "attributes", "password"}], "members": {group:
[dn]}}`.
Distinguished names are relative to the domain. Everything lies below the folder, and no database holds its path.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import ldb
from samba import dsdb
from samba.auth import system_session
from samba.dcerpc import drsblobs
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.provision import provision
from samba.samdb import SamDB

REALM = "CSRDESK.TEST"
DOMAIN = "DC=csrdesk,DC=test"
FOLDERS = ("etc", "private", "lock", "state", "cache", "bind", "run", "ncalrpc", "winbindd", "ntp", "log", "tls")
POLICY = {
    "lockoutThreshold": "5",
    "lockoutDuration": str(-30 * 60 * 10_000_000),
    "lockOutObservationWindow": str(-30 * 60 * 10_000_000),
    "minPwdLength": "8",
    "minPwdAge": "0",
    "maxPwdAge": str(-42 * 86_400 * 10_000_000),
    "pwdHistoryLength": "3",
}
# Samba's own: the caller may write what the system keeps, and takes an object's id along.
BYPASS_PASSWORD_SET = "local_oid:1.3.6.1.4.1.7165.4.3.12:0"
RELAX = "relax:0"
CHANGE_METADATA = "local_oid:1.3.6.1.4.1.7165.4.3.14:0"


def make(folder: Path, password: str) -> SamDB:
    """An empty domain."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    lp = LoadParm()
    lp.load(str(folder / "etc/smb.conf"))
    quiet = logging.getLogger("provision")
    quiet.setLevel(logging.ERROR)
    provision(
        quiet,
        system_session(),
        smbconf=str(folder / "etc/smb.conf"),
        targetdir=None,
        realm=REALM,
        domain="CSRDESK",
        hostname="dc1",
        hostip="127.10.0.1",
        adminpass=password,
        serverrole="active directory domain controller",
        dom_for_fun_level=dsdb.DS_DOMAIN_FUNCTION_2008_R2,
        dns_backend="NONE",
        use_rfc2307=True,
        skip_sysvolacl=True,
        lp=lp,
    )
    return SamDB(url=str(folder / "private/sam.ldb"), session_info=system_session(), lp=lp)


def message(dn: str, attributes: dict[str, list[str]], flag: int = 0) -> ldb.Message:
    found = ldb.Message()
    found.dn = ldb.Dn(samdb, f"{dn},{DOMAIN}" if dn else DOMAIN)
    for name, values in attributes.items():
        raw = [UUID(value).bytes_le if name == "objectGUID" else value.encode() for value in values]
        found[name] = ldb.MessageElement(raw, flag, name)
    return found


def fill(entries: list[dict[str, Any]], members: dict[str, list[str]]) -> None:
    """Units, groups and people, each password hashed once for good."""
    samdb.modify(message("", {name: [value] for name, value in POLICY.items()}, ldb.FLAG_MOD_REPLACE))
    for entry in entries:
        attributes = dict(entry["attributes"])
        late = {name: attributes.pop(name) for name in ("pwdLastSet",) if name in attributes}
        new = message(entry["dn"], attributes)
        if entry.get("password"):
            quoted = f'"{entry["password"]}"'.encode("utf-16-le")
            new["unicodePwd"] = ldb.MessageElement([quoted], 0, "unicodePwd")
        samdb.add(new, controls=[RELAX] if "objectGUID" in attributes else [])
        if late:
            samdb.modify(message(entry["dn"], late, ldb.FLAG_MOD_REPLACE), controls=[BYPASS_PASSWORD_SET])
    for group, dns in members.items():
        samdb.modify(message(group, {"member": [f"{dn},{DOMAIN}" for dn in dns]}, ldb.FLAG_MOD_ADD))


def grow_old(days: int) -> None:
    """Let replication believe that everything was written long ago: what is new proves nobody."""
    found = samdb.search(
        base=f"OU=Staff,{DOMAIN}", expression="(objectClass=user)", attrs=["replPropertyMetaData", "uSNChanged"]
    )
    for one in found:
        blob = ndr_unpack(drsblobs.replPropertyMetaDataBlob, one["replPropertyMetaData"][0])
        for record in blob.ctr.array:
            record.originating_change_time -= days * 86_400 * 10_000_000
        # Samba takes it only as a change that comes after the last one.
        blob.ctr.array[0].local_usn = int(str(one["uSNChanged"][0])) + 1
        changed = ldb.Message(one.dn)
        changed["replPropertyMetaData"] = ldb.MessageElement(
            ndr_pack(blob), ldb.FLAG_MOD_REPLACE, "replPropertyMetaData"
        )
        samdb.modify(changed, controls=[CHANGE_METADATA])


wanted = json.load(sys.stdin)
root = Path(wanted["folder"])
samdb = make(root, wanted["password"])
samdb.transaction_start()
fill(wanted["entries"], wanted["members"])
samdb.transaction_commit()
grow_old(100)
