"""Issued reports published to a document library of SharePoint, through Microsoft Graph.

Needs the application permission Sites.Selected, with write on that one site. A file is looked for before it is put
there, and put there only where none of its name is: an answer that was lost leads to no second file or version.
SharePoint writes properties of its own into Word files, so that no hash tells whose a file is: who created it does.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import quote

from bot.adapters.graph_connection import GraphAccount, GraphConnection, GraphStopped, listed
from bot.errors import SecretariatError
from bot.ports import Placed
from bot.publication_names import superseded_name

_LARGEST = 200_000_000  # bytes in one request: Graph takes 250 MB
_THERE = "nameAlreadyExists"


class PublicationSharePoint:
    """A place to publish to (`ports.PublicationPlace`): a folder of a library, with a folder for each group.

    `site` is HOST:/sites/NAME; `library` the library's name, "" for the site's own documents.
    """

    def __init__(self, account: GraphAccount, *, site: str, library: str, folder: str) -> None:
        self._connection = GraphConnection(account, what="the report", permissions="Sites.Selected with write")
        self._ours, self._site, self._library, self._folder = account.client_id, site, library, folder.strip("/")

    def put(self, folder: str, name: str, content: bytes) -> Placed:
        if len(content) > _LARGEST:
            raise SecretariatError(f"{name} is larger than one request to SharePoint may be.", hint="Put it there.")
        path = quote("/".join(part for part in (self._folder, folder, name) if part))
        try:
            self._connection.sign_in()
            item = self._found(path) or self._uploaded(path, content)
        except GraphStopped as stop:
            raise SecretariatError(stop.delivery.error) from None
        if item.get("createdBy", {}).get("application", {}).get("id") != self._ours:
            raise SecretariatError(
                f"SharePoint has another file {name} in {folder}, and it is left as it is.",
                hint="Move it away; then it is tried again.",
            )
        return _placed(item)

    def mark_superseded(self, placed: Placed, folder: str, name: str, by: str) -> Placed:
        try:
            self._connection.sign_in()
            url = f"{self._drive}/items/{quote(placed.id)}"
            return _placed(self._read("PATCH", url, json={"name": superseded_name(name)}))
        except GraphStopped as stop:
            if stop.status == 404:
                raise SecretariatError(f"{name} is no longer in SharePoint, so it is not marked.") from None
            raise SecretariatError(stop.delivery.error) from None

    def _found(self, path: str) -> dict[str, Any] | None:
        try:
            return self._read("GET", f"{self._drive}/root:/{path}")
        except GraphStopped as stop:
            if stop.status == 404:
                return None
            raise

    def _uploaded(self, path: str, content: bytes) -> dict[str, Any]:
        """Put there where nothing is. Folders on the way are made by Graph."""
        url = f"{self._drive}/root:/{path}:/content?@microsoft.graph.conflictBehavior=fail"
        headers = {"Content-type": "application/octet-stream"}  # O365 knows it by this spelling
        try:
            return self._read("PUT", url, data=content, headers=headers)
        except GraphStopped as stop:
            if stop.code != _THERE:
                raise
            return self._read("GET", f"{self._drive}/root:/{path}")  # somebody was quicker: we, by a lost answer

    def _read(self, method: str, url: str, **arguments: Any) -> dict[str, Any]:
        response = self._connection.request(method, url, **arguments)
        try:
            return dict(response.json())
        except ValueError:
            raise SecretariatError("SharePoint's answer could not be read.", hint="It is tried again.") from None

    @cached_property
    def _drive(self) -> str:
        """The address of the library. Raises SecretariatError, naming those that there are."""
        root = self._connection.url.partition("/users/")[0]
        site = self._read("GET", f"{root}/sites/{quote(self._site, safe=':/')}")
        if not self._library:
            return f"{root}/sites/{site['id']}/drive"
        drives = listed(self._connection.request("GET", f"{root}/sites/{site['id']}/drives"))
        for drive in drives:
            if str(drive["name"]).casefold() == self._library.casefold():
                return f"{root}/drives/{drive['id']}"
        known = ", ".join(str(drive["name"]) for drive in drives)
        raise SecretariatError(
            f"The site {self._site} has no library {self._library}.", hint=f"`issued_reports.sharepoint`: {known}."
        )


def _placed(item: dict[str, Any]) -> Placed:
    return Placed(id=str(item["id"]), link=str(item.get("webUrl", "")))
