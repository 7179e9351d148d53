"""A real Active Directory domain controller (Samba) for one session: provisioned once, copied for each, gone with it.

Each runs on a loopback address of its own, because LDAP's ports are constants in Samba. It ends when its standard input
is closed, so that even a killed test run leaves none behind.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import resource
import secrets
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from csrdesk.sandbox import people as cast
from csrdesk.services.directory import rights
from tests.ad import people

HERE = Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"
REALM = "CSRDESK.TEST"
DOMAIN = "DC=csrdesk,DC=test"
STAFF = f"OU=Staff,{DOMAIN}"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "csrdesk-ad"
# Of the user who runs the tests: their own folders are cleared for each test.
_PORTS = (389, 636, 88)
_PATIENCE = 30.0
_PREFIX = "csrad"


def why_not() -> str | None:
    """Why no controller can run here; None where it can."""
    for program in ("samba", "ldapmodify", "kinit", "openssl", "samba-tool"):
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
            return f"no {program} here (as root: scripts/test-system.sh)"
    try:
        import ldap  # noqa: F401
    except ImportError:
        return "no python-ldap in .venv (scripts/test-system.sh)"
    try:
        socket.create_server(("127.10.0.1", 88)).close()
    except PermissionError:
        return "a controller needs ports below 1024 (as root, or: unshare -Urn)"
    except OSError:
        return None  # somebody else's controller is there; this one takes another address
    return None


WITHOUT_MAPPED_FILES = ("\tuse mmap = no",)
"""For smb.conf: then what is written meets the limits of files."""


@dataclass(frozen=True)
class Controller:
    """A running controller."""

    address: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"ldaps://{self.address}"

    @property
    def plain_url(self) -> str:
        return f"ldap://{self.address}"

    @property
    def ca_file(self) -> Path:
        return self.folder / "tls/ca.pem"

    @property
    def krb5_conf(self) -> Path:
        return self.folder / "etc/krb5.conf"

    @property
    def sam(self) -> Path:
        """The database, for what no client could make: old passwords, the system's own attributes."""
        return self.folder / "private/sam.ldb"

    def fill(self, *, full: bool = True) -> None:
        """Let no file take anything more, as on a full disk; needs `WITHOUT_MAPPED_FILES`."""
        room = 0 if full else resource.RLIM_INFINITY
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))

    def tool(self, *words: str, **options: str) -> str:
        """`samba-tool` on the database, as an administrator at the controller."""
        return _run("samba-tool", *words, "-H", str(self.sam), "-s", str(self.folder / "etc/smb.conf"), **options)

    def wrong_passwords(self, account: str, times: int = 5) -> None:
        """Let somebody type wrong passwords; five lock the account."""
        import ldap

        for turn in range(times):
            wire = ldap.initialize(self.url)
            wire.set_option(ldap.OPT_X_TLS_CACERTFILE, str(self.ca_file))
            wire.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
            with contextlib.suppress(ldap.INVALID_CREDENTIALS):
                wire.simple_bind_s(f"{account}@csrdesk.test", f"wrong-{turn}")
            wire.unbind_s()

    def value(self, account: str, attribute: str) -> str:
        """The one value of an account's attribute as the database has it; empty where there is none."""
        told = _run(
            "ldbsearch", "-H", str(self.sam), f"--configfile={self.folder / 'etc/smb.conf'}",
            f"(sAMAccountName={account})", attribute,
        )  # fmt: skip
        return next((line.partition(": ")[2] for line in told.splitlines() if line.startswith(f"{attribute}:")), "")

    def add(self, dn: str, *, password: str = "", **attributes: str) -> None:
        """A new object."""
        lines = [f"dn:: {_base64(dn)}", "changetype: add"]
        lines += [f"{name}:: {_base64(value)}" for name, value in attributes.items()]
        if password:
            quoted = f'"{password}"'.encode("utf-16-le")
            lines.append(f"unicodePwd:: {base64.b64encode(quoted).decode()}")
        self.change(lines)

    def delete(self, dn: str) -> None:
        """Take an object away."""
        self.change([f"dn:: {_base64(dn)}", "changetype: delete"])

    def rename(self, dn: str, name: str) -> None:
        """Another name in the same unit."""
        self.change([f"dn:: {_base64(dn)}", "changetype: modrdn", f"newrdn: {name}", "deleteoldrdn: 1"])

    def plant(self, dn: str, *, bypass: bool = False, **attributes: str | bytes) -> None:
        """Write what only the system may; a `_` in an attribute's name is a hyphen."""
        lines = [f"dn:: {_base64(dn)}", "changetype: modify"]
        for name, value in attributes.items():
            raw = value if isinstance(value, bytes) else value.encode()
            plain = name.replace("_", "-")
            lines += [f"replace: {plain}", f"{plain}:: {base64.b64encode(raw).decode()}", "-"]
        self.change(lines, bypass=bypass)

    def change(self, lines: list[str], *, bypass: bool = False) -> None:
        """Apply LDIF; `bypass` lets the password's moment be written."""
        controls = ["--controls=local_oid:1.3.6.1.4.1.7165.4.3.12:0"] if bypass else []
        conf = self.folder / "etc/smb.conf"
        _run("ldbmodify", f"--configfile={conf}", "-H", str(self.sam), *controls, stdin="\n".join(lines) + "\n")

    def stop(self) -> None:
        """Gracefully; nothing of it is left."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def running(*, address: str = "", settings: tuple[str, ...] = (), read_only: bool = False) -> Iterator[Controller]:
    """A controller of its own, until the block ends; `settings`: lines more for its smb.conf."""
    folder = _new_folder()
    try:
        subprocess.run(["cp", "-a", "--reflink=auto", f"{template()}/.", str(folder)], check=True)
        if read_only:
            _configure_read_only(folder)
            settings = (*settings, "\tserver services = ldap, cldap")  # its KDC does not start so
        controller = start(folder, address or free_address(), settings)
        try:
            yield controller
        finally:
            controller.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path, address: str, settings: tuple[str, ...] = ()) -> Controller:
    """Start a controller on a copied folder; waits until it answers with its certificate."""
    configure(folder, address, settings)
    with (folder / "log/stderr").open("wb") as said:
        process = subprocess.Popen(
            [_samba(), "-i", "--no-process-group", "-M", "single", "-l", folder / "log", "-s", folder / "etc/smb.conf"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            restore_signals=False,  # with SIGXFSZ ignored a limit of the file size is a full disk, and no death
            env={"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin", "KRB5_CONFIG": str(folder / "etc/krb5.conf")},
        )
    controller = Controller(address, folder, process)
    until = time.monotonic() + _PATIENCE
    while not _answers(controller):
        if process.poll() is not None or time.monotonic() > until:
            controller.stop()
            raise RuntimeError(f"no controller: {(folder / 'log/stderr').read_text('utf-8', 'replace')[-2000:]}")
        time.sleep(0.05)
    return controller


def template() -> Path:
    """The provisioned domain, made once a week at most: passwords in it grow old."""
    made_of = [(HERE / name).read_bytes() for name in ("provision.py", "people.py", "controller.py")]
    made_of.append(Path(rights.__file__).read_bytes())
    made_of.append(Path(str(cast.__file__)).read_bytes())
    week = datetime.now(UTC).strftime("%G-%V")
    digest = hashlib.sha256(b"\0".join([*made_of, week.encode()])).hexdigest()[:12]
    path = _CACHE / digest
    if path.exists():
        return path
    _CACHE.mkdir(parents=True, exist_ok=True)
    for old in _CACHE.iterdir():
        shutil.rmtree(old, ignore_errors=True)
    draft = _new_folder()
    (draft / "etc").mkdir()
    _write(draft / "etc/smb.conf", smb_conf(draft, "127.10.0.1"))
    wanted = {"folder": str(draft), **people.domain()}
    _run(SYSTEM_PYTHON, str(HERE / "provision.py"), stdin=json.dumps(wanted))
    delegate(draft)
    moving = _CACHE / f".{digest}.{secrets.token_hex(4)}"
    shutil.move(draft, moving)
    with contextlib.suppress(OSError):  # another run was faster: its template is as good
        moving.rename(path)
    shutil.rmtree(moving, ignore_errors=True)
    return path


def delegate(folder: Path) -> None:
    """Give the service account its rights, by the very commands that csrdesk tells administrators."""
    for words in rights.samba_commands(STAFF, _sid(folder, people.SERVICE)):
        program, *rest = words
        _run(program, *rest, "-H", str(folder / "private/sam.ldb"), "-s", str(folder / "etc/smb.conf"))


def _sid(folder: Path, account: str) -> str:
    where = ["-H", str(folder / "private/sam.ldb"), f"--configfile={folder / 'etc/smb.conf'}"]
    told = _run("ldbsearch", *where, f"(sAMAccountName={account})", "objectSid")
    return next(line.split()[1] for line in told.splitlines() if line.startswith("objectSid:"))


def configure(folder: Path, address: str, settings: tuple[str, ...] = ()) -> None:
    """What differs from one controller to the next: paths, address, certificate."""
    _write(folder / "etc/smb.conf", smb_conf(folder, address, settings))
    _write(folder / "etc/krb5.conf", krb5_conf(address))
    make_certificate(folder / "tls", address, "127.0.0.1")


def _configure_read_only(folder: Path) -> None:
    """Have the domain say that this controller is a branch's: then Samba refers whoever changes something elsewhere.

    What a controller is stands in the category of its settings object (`msDS-isRODC` in [MS-ADTS]).
    """
    configure(folder, "127.10.0.1")
    configuration = f"CN=Configuration,{DOMAIN}"
    where = f"CN=NTDS Settings,CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,{configuration}"
    category = f"CN=NTDS-DSA-RO,CN=Schema,{configuration}"
    lines = [f"dn: {where}", "changetype: modify", "replace: objectCategory", f"objectCategory: {category}"]
    conf, sam = folder / "etc/smb.conf", folder / "private/sam.ldb"
    control = "--controls=local_oid:1.3.6.1.4.1.7165.4.3.12:0"
    _run("ldbmodify", f"--configfile={conf}", "-H", sam, control, stdin="\n".join(lines) + "\n")


def smb_conf(folder: Path, address: str, settings: tuple[str, ...] = ()) -> str:
    keys = {
        "private dir": "private", "lock directory": "lock", "state directory": "state", "cache directory": "cache",
        "pid directory": "run", "binddns dir": "bind", "ncalrpc dir": "ncalrpc",
        "winbindd socket directory": "winbindd", "ntp signd socket directory": "ntp", "log file": "log/samba.log",
        "tls keyfile": "tls/key.pem", "tls certfile": "tls/cert.pem", "tls cafile": "tls/ca.pem",
    }  # fmt: skip
    lines = [f"\t{key} = {folder / name}" for key, name in keys.items()]
    return "\n".join(
        [
            "[global]", "\tnetbios name = DC1", f"\trealm = {REALM}", "\tworkgroup = CSRDESK",
            "\tserver role = active directory domain controller", "\tserver services = ldap, cldap, kdc",
            f"\tinterfaces = {address}/8", "\tbind interfaces only = yes", "\tldb:nosync = yes",
            "\tdisable spoolss = yes", "\tidmap_ldb:use rfc2307 = yes", "\tlog level = 0",
            "\tldap server require strong auth = allow_sasl_over_tls", *lines, *settings,
            # Nothing serves them; provisioning asks that they are named.
            "[sysvol]", f"\tpath = {folder / 'state/sysvol'}", "\tread only = No",
            "[netlogon]", f"\tpath = {folder / 'state/sysvol/scripts'}", "\tread only = No", "",
        ]
    )  # fmt: skip


def krb5_conf(address: str) -> str:
    return f"""[libdefaults]
default_realm = {REALM}
dns_lookup_realm = false
dns_lookup_kdc = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
{REALM} = {{
  kdc = {address}
}}
[domain_realm]
{address} = {REALM}
"""


def make_certificate(
    folder: Path, *addresses: str, names: tuple[str, ...] = ("dc1.csrdesk.test",), days: int = 2
) -> None:
    """A CA and a certificate for these addresses and names; with negative `days` it has run out."""
    folder.mkdir(exist_ok=True)
    ca_key, ca, key, cert = (folder / name for name in ("ca-key.pem", "ca.pem", "key.pem", "cert.pem"))
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    if not ca.exists():
        _run("openssl", "req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-days", "30", "-subj", "/CN=Test CA")
    request, extensions = folder / "request.pem", folder / "extensions"
    _run("openssl", "req", *curve, "-keyout", key, "-out", request, "-subj", "/CN=dc1.csrdesk.test")
    alternatives = [*(f"DNS:{name}" for name in names), *(f"IP:{one}" for one in addresses)]
    _write(extensions, f"subjectAltName={','.join(alternatives)}\n")
    span = ["-days", str(days)]
    _run(
        "openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-out", cert,
        "-extfile", extensions, *span,
    )  # fmt: skip
    key.chmod(0o600)


def free_address() -> str:
    """A loopback address on which nobody listens."""
    while True:
        address = f"127.{10 + secrets.randbelow(200)}.{secrets.randbelow(250)}.{1 + secrets.randbelow(250)}"
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for port in _PORTS:
                stack.enter_context(socket.create_server((address, port)))
            return address


def _answers(controller: Controller) -> bool:
    context = ssl.create_default_context(cafile=str(controller.ca_file))
    try:
        with (
            socket.create_connection((controller.address, 636), timeout=2) as raw,
            context.wrap_socket(raw, server_hostname=controller.address),
        ):
            return True
    except OSError:
        return False


def _new_folder() -> Path:
    """An empty one; those of runs that were killed are taken away."""
    for old in Path(_short()).glob(f"{_PREFIX}*-*"):
        owner = old.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_short()))


def _short() -> str:
    """A folder with a short name: sockets of Unix have no room for long ones."""
    return min((tempfile.gettempdir(), "/var/tmp"), key=len)


def _samba() -> str:
    return shutil.which("samba", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "samba"


def _run(*words: str | Path, stdin: str = "", **environment: str) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"/usr/bin:/usr/sbin:/bin:{os.environ.get('PATH', '')}", "LANG": "C.UTF-8", **environment},
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {done.stderr or done.stdout}")
    return done.stdout


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
