#!/bin/sh
# PyAV 18.1.0 (the WHIP muxer of the FFmpeg in its Linux wheel, DTLS by GnuTLS) and aiortc 1.16.0 (DTLS by OpenSSL) do not
# connect on loopback: offer and answer are exchanged, then the handshake fails on both sides ("A TLS fatal alert has been
# received", "DTLS session failed"), whether aiortc is its client, as it is by default, or its server. Two peers of aiortc connect.
# Also seen, not tested here: opening the muxer holds Python's lock, so its server must be another process.
# Exit 0: still so. Exit 1: it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 aiortc==1.16.0 aiohttp==3.13.2 numpy==2.3.5
cat > "$folder/push.py" <<'PYTHON'
import fractions
import sys

import av
import numpy as np

av.logging.set_level(av.logging.ERROR)
options = {"whip_flags": "dtls_active"} if sys.argv[2] == "active" else {}
try:
    with av.open(sys.argv[1], "w", format="whip", options=options) as out:
        stream = out.add_stream("libx264", rate=15, options={"preset": "ultrafast", "profile": "baseline"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.time_base = fractions.Fraction(1, 15)
        for index in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((96, 128, 3), 5 * index, np.uint8), format="rgb24")
            frame.pts = index
            for packet in stream.encode(frame):
                out.mux(packet)
    print("sent")
except OSError as error:
    print(error)
PYTHON
cat > "$folder/meet.py" <<'PYTHON'
import asyncio
import sys

import aiortc
from aiohttp import web

PATIENCE = 40.0


def peer():
    return aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))


async def muxer(role):
    """The muxer, which offers to be this in the handshake, against a peer of aiortc: (what it says, the peer's state)."""
    peers = []

    async def offered(request):
        peers.append(peer())
        await peers[-1].setRemoteDescription(aiortc.RTCSessionDescription(await request.text(), "offer"))
        await peers[-1].setLocalDescription(await peers[-1].createAnswer())
        answer = peers[-1].localDescription.sdp
        return web.Response(status=201, text=answer, content_type="application/sdp", headers={"Location": "/whip/1"})

    app = web.Application()
    app.router.add_post("/whip", offered)
    app.router.add_delete("/whip/1", lambda request: web.Response())
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/whip"
    child = await asyncio.create_subprocess_exec(
        sys.executable, sys.argv[1], url, role, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        said = (await asyncio.wait_for(child.communicate(), PATIENCE))[0].decode().strip()
    except TimeoutError:
        child.kill()
        said = "did not end"
    transport = peers[0].getTransceivers()[0].receiver.transport if peers else None
    state = f"{transport._role}, {transport.state}" if transport else "no offer"
    for one in peers:
        await one.close()
    await runner.cleanup()
    return said, state


async def among_themselves():
    """Two peers of aiortc: the state of the handshake."""
    one, other = peer(), peer()
    one.addTransceiver("video", direction="sendonly")
    await one.setLocalDescription(await one.createOffer())
    await other.setRemoteDescription(one.localDescription)
    await other.setLocalDescription(await other.createAnswer())
    await one.setRemoteDescription(other.localDescription)
    transport = other.getTransceivers()[0].receiver.transport
    for _ in range(100):
        if transport.state in ("connected", "failed"):
            break
        await asyncio.sleep(0.1)
    state = transport.state
    await one.close()
    await other.close()
    return state


async def main():
    found = {role: await muxer(role) for role in ("passive", "active")}
    for role, (said, state) in found.items():
        print(f"muxer {role}: it says {said!r}; aiortc is {state}")
    control = await among_themselves()
    print("aiortc with itself:", control)
    expected = {"passive": "client, failed", "active": "server, failed"}
    fails = all("DTLS" in said and state == expected[role] for role, (said, state) in found.items())
    sys.exit(not (fails and control == "connected"))


asyncio.run(main())
PYTHON
"$folder/env/bin/python" "$folder/meet.py" "$folder/push.py"
