"""A hub on 127.0.0.1 with the endpoints that a download uses, and faults on demand."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass
class Hub:
    """``repos``: id -> folder. ``faults``: "id/path" -> "cut" (the first answer breaks off), "short" (every answer
    does), "garbage" (the first answer has the right length and other bytes). ``gated``, and the ``token`` that opens
    them. ``log``: what was asked."""

    repos: dict[str, Path]
    faults: dict[str, str] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    log: list[tuple[str, str, str]] = field(default_factory=list)
    endpoint: str = ""
    token: str = "hf_good"

    def revision(self, repo: str) -> str:
        return hashlib.sha1(repo.encode()).hexdigest()

    def files(self, repo: str) -> dict[str, Path]:
        root = self.repos[repo]
        return {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*")) if path.is_file()}

    def gets(self, path: str) -> list[str]:
        """The Range headers of the GETs of a file, "" for a whole one."""
        return [span for verb, asked, span in self.log if verb == "GET" and asked.endswith(path)]


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def say(self, status: int, value: Any, **headers: str) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            for name, text in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name.replace("_", "-"), text)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        def answer(self, *, body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.log.append((self.command, path, self.headers.get("Range", "")))
            api = re.fullmatch(r"/api/models/([^/]+/[^/]+)/(revision|tree)/(.+)", path)
            found = api or re.fullmatch(r"/([^/]+/[^/]+)/(resolve)/([0-9a-f]{40})/(.+)", path)
            if not found:
                return self.say(404, {"error": "no such page"})
            repo, what, revision = found.group(1), found.group(2), found.group(3).rstrip("/")
            if repo not in hub.repos:
                return self.say(404, {"error": "Repository not found"}, X_Error_Code="RepoNotFound")
            if repo in hub.gated and self.headers.get("Authorization") != f"Bearer {hub.token}":
                return self.say(403, {"error": "Access is restricted"}, X_Error_Code="GatedRepo")
            sha = hub.revision(repo)
            if revision not in ("main", sha):
                return self.say(404, {"error": "Invalid rev id"}, X_Error_Code="RevisionNotFound")
            files = hub.files(repo)
            if what == "revision":
                siblings = [{"rfilename": n, "size": p.stat().st_size, "blobId": "0" * 40} for n, p in files.items()]
                return self.say(200, {"id": repo, "modelId": repo, "sha": sha, "siblings": siblings, "tags": []})
            if what == "tree":
                return self.say(
                    200,
                    [
                        {"type": "file", "path": n, "size": p.stat().st_size, "oid": etag(p)[:40]}
                        for n, p in files.items()
                    ],
                )
            name = found.group(4)
            if name not in files:
                return self.say(404, {"error": "Entry not found"}, X_Error_Code="EntryNotFound")
            return self.send_file(f"{repo}/{name}", files[name], sha, body=body)

        def send_file(self, key: str, path: Path, sha: str, *, body: bool) -> None:
            data = path.read_bytes()
            start = 0
            span = self.headers.get("Range")
            if span:
                start = int(span.removeprefix("bytes=").split("-")[0])
            fault = hub.faults.get(key, "") if body else ""
            if fault in ("cut", "garbage"):
                del hub.faults[key]
            self.send_response(206 if span else 200)
            self.send_header("X-Repo-Commit", sha)
            self.send_header("ETag", f'"{etag(path)}"')
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(data) - start))
            if span:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            if not body:
                return
            part = data[start:]
            if fault == "garbage":
                part = bytes(len(part))
            if fault in ("cut", "short"):
                self.wfile.write(part[: len(part) // 2])
                self.wfile.flush()
                self.close_connection = True
                self.connection.close()
                return
            self.wfile.write(part)

    return Handler


def etag(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def serve(repos: dict[str, Path]) -> Iterator[Hub]:
    """The hub, until the block ends."""
    hub = Hub(repos=repos)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(hub))
    server.daemon_threads = True
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
