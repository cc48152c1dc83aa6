"""Real servers for streams, on loopback and free ports, started and ended by a test; skipped where one is missing."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_MODULES = (Path("/usr/lib/nginx/modules"), Path("/usr/share/nginx/modules-available"))
_PATIENCE = 20.0


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody has at the moment."""
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until somebody listens there."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    pytest.fail(f"the server did not begin to listen: {process.args}")


class Server:
    """A process that can be killed and started again at the same port."""

    def __init__(self, command: list[str], port: int, folder: Path | None = None) -> None:
        self._command, self.port, self._folder = command, port, folder
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        self.process = subprocess.Popen(
            self._command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for_port(self.port, self.process)

    def kill(self) -> None:
        """Ends it without a word to anybody."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextlib.contextmanager
def running(command: list[str], port: int, folder: Path | None = None) -> Iterator[Server]:
    """A server for the block, run in a folder."""
    server = Server(command, port, folder)
    try:
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[tuple[Server, int]]:
    """nginx with its RTMP module: application ``live`` takes RTMP; HLS of it is at the second port, below /hls."""
    program, module = shutil.which("nginx") or "/usr/sbin/nginx", _MODULES[0] / "ngx_rtmp_module.so"
    if not Path(program).exists() or not module.exists():
        pytest.skip("needs nginx and libnginx-mod-rtmp (tools/install_servers.sh)")
    port, http = free_port(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "nginx.conf"
    config.write_text(f"""
load_module {module};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
rtmp {{
  server {{
    listen 127.0.0.1:{port};
    application live {{ live on; hls on; hls_path {folder}/hls; hls_fragment 1s; hls_playlist_length 30s; }}
  }}
}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{http}; root {folder}; }}
}}
""")
    with running([program, "-c", str(config), "-p", str(folder), "-e", str(folder / "error.log")], port) as server:
        yield server, http


_RTSP = """
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
server = GstRtspServer.RTSPServer.new()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
for mount in sys.argv[2:]:
    path, _, launch = mount.partition("=")
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(launch)
    factory.set_shared(True)
    if path == "/record":
        factory.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
        factory.set_latency(200)
    server.get_mount_points().add_factory(path, factory)
server.attach(None)
GLib.timeout_add_seconds(120, sys.exit)
GLib.MainLoop().run()
"""

CAMERA = (
    "( videotestsrc is-live=true pattern=smpte ! video/x-raw,width=320,height=240,framerate=20/1 ! x264enc "
    "tune=zerolatency key-int-max=20 speed-preset=ultrafast ! rtph264pay name=pay0 pt=96 audiotestsrc is-live=true ! "
    "audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 pt=0 )"
)
"""A camera as shops sell it: H.264 and G.711; colour bars and a tone."""


def recorder(file: Path) -> str:
    """What takes a stream that is sent to it, and writes H.264 and AAC into a Matroska file."""
    return (
        "( rtph264depay name=depay0 ! h264parse ! queue ! matroskamux name=m streamable=true ! filesink sync=false "
        f"location={file} rtpmp4gdepay name=depay1 ! aacparse ! queue ! m. )"
    )


@contextlib.contextmanager
def rtsp_server(**mounts: str) -> Iterator[Server]:
    """gst-rtsp-server with pipelines at /NAME; the one at /record takes what is sent."""
    python = "/usr/bin/python3"
    test = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    if not Path(python).exists() or subprocess.run([python, "-c", test], capture_output=True, check=False).returncode:
        pytest.skip("needs gir1.2-gst-rtsp-server-1.0 and python3-gst-1.0 (tools/install_servers.sh)")
    port = free_port()
    command = [python, "-c", _RTSP, str(port), *(f"/{name}={launch}" for name, launch in mounts.items())]
    with running(command, port) as server:
        yield server


_NODE_MEDIA = """
import NodeMediaServer from "node-media-server";
const [rtmp, http] = process.argv.slice(2).map(Number);
new NodeMediaServer({
  bind: "127.0.0.1", rtmp: {port: rtmp}, http: {port: http}, notify: {url: ""}, store: {path: "./data", maxHistory: 10},
  auth: {play: false, publish: false, secret: "", jwt: {secret: "x", expiresIn: "1h", refreshExpiresIn: "1h",
    algorithm: "HS256", users: []}},
  static: {router: "/", root: "."}, webadmin: {enable: false}, record: {auto: false, path: "./record"},
}).run();
setTimeout(() => process.exit(0), 120000);
"""


@contextlib.contextmanager
def node_media_server(folder: Path) -> Iterator[tuple[Server, int]]:
    """node-media-server from npm: RTMP, and FLV over HTTP at the second port."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("needs Node.js and npm")
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "node-media-server@4.4.3"]
    if subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False).returncode:
        pytest.skip("node-media-server cannot be installed from npm")
    (folder / "run.mjs").write_text(_NODE_MEDIA)
    port, http = free_port(), free_port()
    with running([node, "run.mjs", str(port), str(http)], port, folder) as server:
        yield server, http
