"""A session's virtual screen as PNG pictures: what a person in front of it sees, the browser's own dialogs included."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path

#: A picture is taken when the screen has not changed for so long, in seconds, and after so long in any case.
STILL_SECONDS, LONGEST_SECONDS = 0.2, 2.5
#: The corner of the screen that the browser's window fills, in pixels.
WIDTH, HEIGHT = 760, 860


class Screen:
    """The screen of an Xvfb, which keeps it in a file (X11/XWDFile.h)."""

    def __init__(self, session: Path):
        self._session = session
        self._path: Path | None = None

    def pixels(self) -> bytes:
        """The window's corner: rows of blue, green, red and one more byte."""
        if self._path is None or not self._path.exists():
            (self._path,) = self._session.glob("**/Xvfb_screen0")
        dump = self._path.read_bytes()
        header = struct.unpack(">25I", dump[:100])
        start, stride = header[0] + 12 * header[19], header[12]
        return b"".join(dump[start + row * stride : start + row * stride + 4 * WIDTH] for row in range(HEIGHT))

    def wait_for_change(self, since: bytes, timeout: float) -> None:
        """Waits until much of the screen is different: more than a caret or a moving mark."""
        deadline = time.monotonic() + timeout
        while not self._differs(since, self.pixels()):
            assert time.monotonic() < deadline, f"the screen has not changed within {timeout} s"
            time.sleep(0.05)

    @staticmethod
    def _differs(one: bytes, other: bytes) -> bool:
        row = 4 * WIDTH
        rows = sum(one[at : at + row] != other[at : at + row] for at in range(0, len(one), row))
        return rows > HEIGHT // 10

    def wait_until_still(self) -> bytes:
        """The screen once it does not change; some dialogs never rest, and are taken as they are."""
        deadline = time.monotonic() + LONGEST_SECONDS
        before, since = self.pixels(), time.monotonic()
        while time.monotonic() < min(since + STILL_SECONDS, deadline):
            time.sleep(0.04)
            if (now := self.pixels()) != before:
                before, since = now, time.monotonic()
        return before

    def picture(self) -> bytes:
        """A PNG of the screen, once it is still."""
        return png(self.wait_until_still())


def png(pixels: bytes) -> bytes:
    """Rows of blue, green, red and one more byte as a PNG with 24 bits per pixel."""
    colours = bytearray(3 * WIDTH * HEIGHT)
    colours[0::3], colours[1::3], colours[2::3] = pixels[2::4], pixels[1::4], pixels[0::4]
    # A row that is like the one above is said as the difference to it (filter 2), which is nothing.
    row, lines, above = 3 * WIDTH, [], b""
    for at in range(0, len(colours), row):
        line = bytes(colours[at : at + row])
        lines.append(b"\2" + bytes(row) if line == above else b"\0" + line)
        above = line
    body = zlib.compress(b"".join(lines), 7)
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
