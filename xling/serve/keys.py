"""Keys: who may do what. A file holds their hashes, never the keys themselves."""

from __future__ import annotations

import contextlib
import hmac
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from xling.attach import check_name
from xling.errors import CollectionLocked, InvalidInput, StoreError
from xling.store.edge_lock import lock_directory
from xling.store.files import read_json, write_json

Role: TypeAlias = Literal["read", "write", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
ALL = "*"
_FORMAT = 1
_LONGEST = 200
_FRESH = 1.0
"""Seconds until the file is looked at again: a revoked key is refused so soon."""
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept.

    Attributes:
        id: Its first part, by which it is named and revoked.
        name: What its owner calls it.
        role: `read`, `write` (reads too) or `admin` (makes and drops collections too).
        collections: The only ones it is for; `*` is all.
        created: When, in seconds since 1970.
        expires: From when on it is refused, None for never.
        hash: SHA-256 of the whole key. It has 256 random bits: no slower hash would make it harder to guess.
    """

    id: str
    name: str
    role: Role
    collections: tuple[str, ...]
    created: float
    expires: float | None
    hash: str

    def allows(self, role: Role, collection: str | None) -> bool:
        """Whether it may be used so; `collection` None asks for what is no collection's."""
        if ROLES.index(role) > ROLES.index(self.role):
            return False
        return collection is None or ALL in self.collections or collection in self.collections

    def told(self) -> dict[str, Any]:
        """All but the hash."""
        return {key: value for key, value in asdict(self).items() if key != "hash"}


ANYONE = Key("", "anyone", "admin", (ALL,), 0.0, None, "")
"""Who asks where no key is needed."""


class KeyFile:
    """Keys in a JSON file that only its owner can read. Safe to use from several threads and processes.

    Args:
        path: The file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._keys: dict[str, Key] = {}
        self._mark: object = None
        self._looked = float("-inf")

    def create(
        self, name: str, *, role: Role = "read", collections: Sequence[str] = (ALL,), days: float | None = None
    ) -> tuple[Key, str]:
        """A new key, and its text, which is not kept.

        Raises:
            InvalidInput: The name is blank, or a role, collection or number makes no sense.
        """
        if not name.strip() or len(name) > _LONGEST:
            raise InvalidInput(f"a key has a name of 1 to {_LONGEST} characters, to know it by")
        if role not in ROLES:
            raise InvalidInput(f"a role is one of {', '.join(ROLES)}, not {role!r}")
        if not collections:
            raise InvalidInput("a key is for some collections, or for all: '*'")
        for collection in collections:
            if collection != ALL:
                check_name(collection)
        if days is not None and not 0 < days < 100_000:
            raise InvalidInput(f"a key is good for some days, not for {days!r}")
        id, now = secrets.token_hex(4), time.time()
        text = f"xl_{id}_{secrets.token_urlsafe(32)}"
        expires = None if days is None else now + days * 86_400
        key = Key(id, name.strip(), role, tuple(dict.fromkeys(collections)), now, expires, _hash(text))
        with self._changing() as keys:
            keys[id] = key
        return key, text

    def revoke(self, id: str) -> Key:
        """Take a key away.

        Raises:
            InvalidInput: There is none of this id.
        """
        with self._changing() as keys:
            if id not in keys:
                raise InvalidInput(f"there is no key {id!r} in {self.path}")
            return keys.pop(id)

    def all(self) -> list[Key]:
        """All keys, the oldest first.

        Raises:
            StoreError: The file is damaged.
        """
        with self._lock:
            self._refresh(now=True)
            return sorted(self._keys.values(), key=lambda key: key.created)

    def find(self, text: str) -> Key | None:
        """The key of this text, if there is one that is still good; a wrong one takes as long as a right one."""
        with self._lock:
            self._refresh()
            known = self._keys
        parts = text.split("_", 2)
        key = known.get(parts[1]) if len(parts) == 3 else None
        right = hmac.compare_digest(_hash(text), "" if key is None else key.hash)
        return key if key is not None and right and not _expired(key) else None

    def _refresh(self, *, now: bool = False) -> None:
        if not now and time.monotonic() - self._looked < _FRESH:
            return
        try:
            status = self.path.stat()
            mark = (status.st_mtime_ns, status.st_ino, status.st_size)
            if mark != self._mark:
                self._keys, self._mark = self._read(), mark
        except FileNotFoundError:
            self._keys, self._mark = {}, None
        except OSError as error:
            raise StoreError(f"{self.path}: the keys cannot be read ({error.strerror or error})") from error
        self._looked = time.monotonic()

    def _read(self) -> dict[str, Key]:
        try:
            data = read_json(self.path)
            if data["format"] != _FORMAT:
                raise ValueError(f"it has the format {data['format']!r}")
            keys = [Key(**{**one, "collections": tuple(one["collections"])}) for one in data["keys"]]
            if any(key.role not in ROLES or not isinstance(key.hash, str) or len(key.hash) != 64 for key in keys):
                raise ValueError("an entry is no key")
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{self.path} is no file of keys, or damaged ({error})") from error
        return {key.id: key for key in keys}

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, Key]]:
        with self._lock, self._alone():
            self._refresh(now=True)
            keys = dict(self._keys)
            yield keys
            try:
                # Its temporary file is its owner's alone, and takes its place.
                write_json(self.path, {"format": _FORMAT, "keys": [asdict(key) for key in keys.values()]})
            except OSError as error:
                raise StoreError(f"{self.path}: the keys cannot be written ({error.strerror or error})") from error
            self._refresh(now=True)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes out while the file is read, changed and written."""
        aside = self.path.with_name(f".{self.path.name}.lock")
        end = time.monotonic() + _PATIENCE
        try:
            aside.mkdir(parents=True, exist_ok=True)
            while True:
                try:
                    door = lock_directory(aside)
                    break
                except CollectionLocked:
                    if time.monotonic() > end:
                        raise StoreError(f"{self.path} is being changed by another process; try again") from None
                    time.sleep(0.02)
        except OSError as error:
            raise StoreError(f"{self.path}: the keys cannot be written ({error.strerror or error})") from error
        try:
            yield
        finally:
            door.release()


class Door:
    """Whom the service lets in.

    Args:
        file: The keys.
        admin_key: A further key that may do everything.
        anonymous: Whether nobody needs a key as long as there is none.

    Attributes:
        keys_required: Decided once: the last key that is revoked does not open the door to all.
    """

    def __init__(self, file: KeyFile, admin_key: str | None, *, anonymous: bool) -> None:
        self._file = file
        self._admin = (
            None if admin_key is None else replace(ANYONE, id="admin", name="admin key file", hash=_hash(admin_key))
        )
        self.keys_required = self._admin is not None or bool(file.all()) or not anonymous

    def caller(self, authorization: str | None) -> Key | None:
        """Who asks, by the header `Authorization`; None for a wrong key or none where one is needed."""
        if not self.keys_required:
            return ANYONE
        scheme, _, text = (authorization or "").partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text or len(text) > _LONGEST or not text.isascii():
            return None
        if self._admin is not None and hmac.compare_digest(_hash(text), self._admin.hash):
            return self._admin
        return self._file.find(text)


def read_admin_key(file: Path) -> str:
    """The key in a file.

    Raises:
        InvalidInput: It cannot be read, or is too short to be one.
    """
    try:
        text = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file}: the key cannot be read ({getattr(error, 'strerror', None) or error})") from error
    if not 20 <= len(text) <= _LONGEST or not text.isascii() or any(c.isspace() for c in text):
        raise InvalidInput(f"{file}: is to hold one key of 20 to {_LONGEST} ASCII characters and nothing else")
    return text


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _expired(key: Key) -> bool:
    return key.expires is not None and time.time() >= key.expires
