"""A Dovecot on loopback with mailboxes of its own, run without privileges from a temporary folder, and thrown away."""

from __future__ import annotations

import grp
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import trustme
from imapclient import IMAPClient  # type: ignore[import-untyped]

OWNER = "dovecot"  # as whom it runs where we are root
PASSWORD = "an-invented-password"  # not one anywhere
USER = "pmo@example.org"
SETTINGS = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = {uid}
first_valid_gid = {gid}
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.pem
disable_plaintext_auth = no
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass
class DovecotServer:
    """A running server: `plain` and `tls` are its ports, `ca_file` what to trust. Any user may enter with PASSWORD."""

    folder: Path
    plain: int
    tls: int
    ca_file: str

    @contextmanager
    def entered(self, user: str = USER) -> Iterator[IMAPClient]:
        """What a person's mail program does."""
        client = IMAPClient("127.0.0.1", self.plain, ssl=False)
        client.login(user, PASSWORD)
        try:
            yield client
        finally:
            client.logout()

    def receive(self, *sources: bytes, user: str = USER) -> None:
        """Mails arrive in the inbox."""
        with self.entered(user) as client:
            for source in sources:
                client.append("INBOX", source)

    def inside(self, folder: str, user: str = USER) -> list[bytes]:
        """The sources of the mails in a folder, the oldest first."""
        with self.entered(user) as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            found = client.fetch(client.search(), ["BODY.PEEK[]"])
        return [found[uid][b"BODY[]"] for uid in sorted(found)]

    def number_anew(self, user: str = USER) -> None:
        """As after a mailbox was restored from a backup: another UIDVALIDITY."""
        place = self.folder / "mail" / user
        for index in place.glob("dovecot.index*"):
            index.unlink()
        numbers = place / "dovecot-uidlist"
        numbers.write_text(re.sub(r" V(\d+)", lambda found: f" V{int(found[1]) + 1}", numbers.read_text(), count=1))

    def stop(self) -> None:
        """As a machine fails: nobody is asked to finish, connections are cut."""
        noted = self.folder / "run" / "master.pid"
        os.killpg(int(noted.read_text()), signal.SIGKILL)
        noted.unlink()  # else the next start waits until somebody has buried the dead
        _wait_until(lambda: not _answers(self.plain))

    def start(self) -> None:
        _run(self.folder, "dovecot", "-c", str(self.folder / "dovecot.conf"))
        _wait_until(lambda: _answers(self.plain))


@contextmanager
def running_dovecot(*, prefix: str = "", separator: str = "/") -> Iterator[DovecotServer]:
    """A server for the tests of one file. A folder directly under the temporary one: its owner must get into it."""
    folder = Path(mkdtemp(prefix="secretariat-dovecot-"))
    owner = pwd.getpwnam(OWNER) if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    server = DovecotServer(folder, _free_port(), _free_port(), str(folder / "ca.pem"))
    try:
        _certificate(folder)
        for name in ("run", "state", "mail"):
            (folder / name).mkdir()
        group = grp.getgrgid(owner.pw_gid).gr_name
        told = SETTINGS.format(
            folder=folder, user=owner.pw_name, group=group, uid=owner.pw_uid, gid=owner.pw_gid,
            password=PASSWORD, plain=server.plain, tls=server.tls, prefix=prefix, separator=separator,
        )  # fmt: skip
        (folder / "dovecot.conf").write_text(told)
        if os.getuid() == 0:
            for path in (folder, *folder.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _certificate(folder: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        str(folder / "server.pem")
    )


def _run(folder: Path, program: str, *arguments: str) -> None:
    command = [_place_of(program), *arguments]
    if os.getuid() == 0:
        command = ["runuser", "-u", OWNER, "--", *command]
    with (folder / "said").open("w+") as said:  # no pipe: the server would keep it open
        done = subprocess.run(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, timeout=30, check=False)
        said.seek(0)
        log = folder / "log"
        assert done.returncode == 0, f"{program}: {said.read()}{log.read_text() if log.exists() else ''}"


def _place_of(program: str) -> str:
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert found, "Dovecot is not installed: apt-get install dovecot-imapd"
    return found


def _wait_until(look: Callable[[], bool]) -> None:
    last = time.monotonic() + 20
    while not look():
        assert time.monotonic() < last, "Dovecot did not come up, or go down"
        time.sleep(0.02)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(100).startswith(b"* OK")
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
