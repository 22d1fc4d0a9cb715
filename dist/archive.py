"""Tar archives that are the same each time."""

import io
import tarfile


def _entry(name: str) -> tarfile.TarInfo:
    return tarfile.TarInfo(name)  # of root, from 1970


def add_bytes(archive: tarfile.TarFile, name: str, text: bytes, mode: int) -> None:
    entry = _entry(name)
    entry.size = len(text)
    entry.mode = mode
    archive.addfile(entry, io.BytesIO(text))


def add_link(archive: tarfile.TarFile, name: str, target: str) -> None:
    entry = _entry(name)
    entry.type = tarfile.SYMTYPE
    entry.linkname = target
    entry.mode = 0o777
    archive.addfile(entry)
