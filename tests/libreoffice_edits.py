# mypy: ignore-errors
"""Edits a document in a running LibreOffice, as a person would. Run by the system's Python, which has the UNO bridge.

Arguments: port, the file, the file to save to, and a JSON list of edits, each [what, ...]:
  ["track", true]                        record changes from here on, or not
  ["reword", "D-01", 1, "new words"]     the cell of that column in the row whose first cell says D-01
  ["add", "D-01", ["", "words", ...]]    a row after that one
  ["delete", "D-02"]                     that row
  ["move", "D-02", "D-01"]               the first row to before the second
  ["accept"], ["reject"]                 all tracked changes

No comments: the package without a window lacks the file that draws them, and dies over a document that has any.
"""

import json
import sys
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue


def value(name, content):
    made = PropertyValue()
    made.Name, made.Value = name, content
    return made


def connected(port):
    resolver = uno.getComponentContext().ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    address = f"uno:socket,host=127.0.0.1,port={port};urp;StarOffice.ComponentContext"
    for _ in range(300):
        try:
            return resolver.resolve(address)
        except Exception:
            time.sleep(0.1)
    sys.exit("LibreOffice does not answer")


class Edits:
    def __init__(self, context, document):
        self.document = document
        self.dispatcher = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.DispatchHelper", context)
        self.frame = document.CurrentController.Frame

    def dispatch(self, command, **arguments):
        given = tuple(value(name, content) for name, content in arguments.items())
        self.dispatcher.executeDispatch(self.frame, f".uno:{command}", "", 0, given)

    def place(self, ref):
        for table in self.document.TextTables:
            for number in range(table.Rows.Count):
                if f"A{number + 1}" in table.CellNames and table.getCellByPosition(0, number).String.strip() == ref:
                    return table, number
        sys.exit(f"no row {ref}")

    def stand_in(self, table, row):
        cursor = self.document.CurrentController.getViewCursor()
        cursor.gotoRange(table.getCellByPosition(0, row).getStart(), False)

    def track(self, on):
        self.document.RecordChanges = on

    def reword(self, ref, column, words):
        table, row = self.place(ref)
        cell = table.getCellByPosition(column, row)
        cursor = cell.createTextCursor()
        cursor.gotoStart(False)
        cursor.gotoEnd(True)
        cursor.String = words

    def add(self, ref, cells):
        table, row = self.place(ref)
        self.stand_in(table, row)
        self.dispatch("InsertRowsAfter")
        for column, words in enumerate(cells):
            table.getCellByPosition(column, row + 1).String = words

    def delete(self, ref):
        table, row = self.place(ref)
        self.stand_in(table, row)
        self.dispatch("DeleteRows")

    def move(self, ref, before):
        table, row = self.place(ref)
        words = [table.getCellByPosition(column, row).String for column in range(5)]
        self.stand_in(table, row)
        self.dispatch("DeleteRows")
        table, to = self.place(before)
        self.stand_in(table, to)
        self.dispatch("InsertRowsBefore")
        for column, text in enumerate(words):
            table.getCellByPosition(column, to).String = text

    def accept(self):
        self.dispatch("AcceptAllTrackedChanges")

    def reject(self):
        self.dispatch("RejectAllTrackedChanges")


def main():
    port, source, target, edits = sys.argv[1:]
    context = connected(port)
    desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    document = desktop.loadComponentFromURL(Path(source).as_uri(), "_blank", 0, (value("Hidden", True),))
    try:
        for what, *arguments in json.loads(edits):
            getattr(Edits(context, document), what)(*arguments)
        document.storeToURL(Path(target).as_uri(), (value("FilterName", "MS Word 2007 XML"),))
    finally:
        document.close(True)


if __name__ == "__main__":
    main()
