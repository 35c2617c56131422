"""Where the server is and who calls: arguments first, then the environment, the settings file and `regesta login`."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional, Union

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT_URL = "http://127.0.0.1:4600"
FILE = "regesta-client.toml"
MEMBERS = {"url", "workspace", "ca_file", "cache_dir", "prompts"}


@dataclass(frozen=True)
class Settings:
    """How to reach a server, and which version of a prompt a name stands for."""

    url: str = DEFAULT_URL
    authorization: str = field(default="", repr=False)
    workspace: str = ""
    ca_file: str = ""
    cache_dir: str = ""
    prompts: Mapping[str, str] = field(default_factory=dict)


def read_file(path: Union[str, Path]) -> dict[str, Any]:
    """The members of a settings file. Raises ValueError with the file's name for what is not understood."""
    try:
        with open(path, "rb") as file:
            members: dict[str, Any] = tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}") from None
    for name, value in members.items():
        if name not in MEMBERS:
            raise ValueError(f"{path}: {name} is not a setting; use {', '.join(sorted(MEMBERS))}")
        if name != "prompts" and not isinstance(value, str):
            raise ValueError(f"{path}: {name} must be a string")
    prompts = members.get("prompts", {})
    if not isinstance(prompts, dict):
        raise ValueError(f"{path}: prompts must be a table")
    for name, selector in prompts.items():
        if isinstance(selector, bool) or not isinstance(selector, (str, int)):
            raise ValueError(f"{path}: prompts.{name} must be a version, a range or an alias")
    members["prompts"] = {name: str(selector) for name, selector in prompts.items()}
    return members


def stored_login() -> Mapping[str, Any]:
    """What `regesta login` stored, if anything."""
    folder = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    try:
        with open(os.path.join(folder, "regesta", "credentials"), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def settings_of(
    url: Optional[str], token: Optional[str], workspace: Optional[str], ca_file: Optional[str],
    cache_dir: Union[str, Path, None], config: Union[str, Path, None],
) -> Settings:
    """The settings in force. `config` names a file; without it, FILE in the current folder counts if it exists."""
    environment = os.environ
    members: dict[str, Any] = {}
    if config is not None or os.path.exists(FILE):
        members = read_file(config if config is not None else FILE)
    login = stored_login()
    address = (url or environment.get("REGESTA_URL") or members.get("url") or login.get("url") or DEFAULT_URL).rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise ValueError(f"the server's URL must start with http:// or https://, not {address!r}")
    authorization = ""
    bearer = token or environment.get("REGESTA_TOKEN")
    if bearer:
        authorization = f"Bearer {bearer}"
    elif environment.get("REGESTA_USER"):
        authorization = _basic(environment["REGESTA_USER"], environment.get("REGESTA_PASSWORD", ""))
    elif str(login.get("url", "")).rstrip("/") == address:
        if login.get("token"):
            authorization = f"Bearer {login['token']}"
        elif login.get("user"):
            authorization = _basic(login["user"], login.get("password", ""))
    return Settings(
        url=address,
        authorization=authorization,
        workspace=workspace or environment.get("REGESTA_WORKSPACE") or members.get("workspace", ""),
        ca_file=ca_file or environment.get("REGESTA_CA_FILE") or members.get("ca_file", ""),
        cache_dir=os.fspath(cache_dir) if cache_dir else os.path.expanduser(members.get("cache_dir", "")),
        prompts=members.get("prompts", {}),
    )
