"""A page in Chromium that publishes its (fake) camera by WHIP and watches the result by WHEP, behind a small proxy."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from limner.export.browser.run import chromium

PAGE = b"""<!doctype html><meta charset="utf-8"><video muted playsinline></video><script type="module">
const whole = (peer) => new Promise((done) => {
  if (peer.iceGatheringState === "complete") done();
  peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done();
});
const offered = async (peer, path) => {
  await peer.setLocalDescription(await peer.createOffer());
  await whole(peer);
  const headers = { "Content-Type": "application/sdp" };
  const answer = await fetch(path, { method: "POST", headers, body: peer.localDescription.sdp });
  if (answer.status !== 201) throw new Error(path + ": " + answer.status + " " + await answer.text());
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  return answer.headers.get("Location");
};
const told = {};
try {
  const camera = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240 } });
  const ours = new RTCPeerConnection();
  ours.addTrack(camera.getVideoTracks()[0], camera);
  const published = await offered(ours, "/v1/live/desk?effect=color:blue");
  const theirs = new RTCPeerConnection();
  theirs.addTransceiver("video", { direction: "recvonly" });
  const video = document.querySelector("video");
  theirs.ontrack = (event) => { video.srcObject = new MediaStream([event.track]); video.play(); };
  await offered(theirs, "/v1/live/desk/watch");
  for (let frame = 0; frame < 5; frame += 1)
    await new Promise((done) => video.requestVideoFrameCallback(done));
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight).getContext("2d");
  canvas.drawImage(video, 0, 0);
  const { data } = canvas.getImageData(0, 0, video.videoWidth, video.videoHeight);
  const mean = [0, 0, 0];
  for (let at = 0; at < data.length; at += 1) if (at % 4 < 3) mean[at % 4] += data[at] / (data.length / 4);
  told.size = [video.videoWidth, video.videoHeight];
  told.mean = mean;
  told.left = (await fetch(published, { method: "DELETE" })).status;
} catch (error) { told.error = String(error); }
await fetch("/told", { method: "POST", body: JSON.stringify(told) });
</script>"""


@contextlib.contextmanager
def proxy(port: int) -> Iterator[tuple[str, queue.Queue[dict[str, Any]]]]:
    """The page's address; all but the page itself goes on to the server at ``port``. And what the page tells."""
    told: queue.Queue[dict[str, Any]] = queue.Queue()

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, {"Content-Type": "text/html"}, PAGE)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if self.path == "/told":
                told.put(json.loads(body))
                return self._answer(200, {}, b"")
            return self._go_on(body)

        def do_DELETE(self) -> None:
            self._go_on(None)

        def _go_on(self, body: bytes | None) -> None:
            onward = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            kind = {"Content-Type": self.headers["Content-Type"]} if body is not None else {}
            onward.request(self.command, self.path, body, kind)
            got = onward.getresponse()
            kept = {name: value for name, value in got.getheaders() if name.lower() in ("content-type", "location")}
            self._answer(got.status, kept, got.read())
            onward.close()

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", told
        server.shutdown()


def in_chromium(port: int, seconds: float) -> dict[str, Any]:
    """What the page found with the server at ``port``."""
    with proxy(port) as (address, told), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            chromium(), "--headless=new", "--no-sandbox", "--no-first-run", f"--user-data-dir={profile}",
            "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--disable-gpu",
            "--autoplay-policy=no-user-gesture-required", address,
        ]  # fmt: skip
        quiet = subprocess.DEVNULL
        browser = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
        try:
            return told.get(timeout=seconds)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()
