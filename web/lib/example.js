import { createSegmenter } from "./dist/index.js"; // from npm: "limner-web"

const [video, button, box, status] = ["video", "button", "input", "output"].map((name) => document.querySelector(name));
let track = null;

async function start() {
  button.disabled = true;
  const segmenter = await createSegmenter({
    onProgress: ({ what, loaded }) => (status.textContent = `Loading the ${what}: ${Math.round(loaded / 1e3)} kB`),
  });
  const camera = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
  track = segmenter.processTrack(camera.getVideoTracks()[0], { effect: "blur" });
  track.onStats = ({ fps, latency }) => (status.textContent = `${fps.toFixed(0)} frames a second, ${latency.toFixed(0)} ms`);
  track.onState = (state, message) => {
    if (state === "failed") status.textContent = message;
  };
  video.srcObject = new MediaStream([track]); // or peer.addTrack(track)
}

button.onclick = () => start().catch((error) => (status.textContent = error.message));
box.onchange = () => track?.update({ effect: box.checked ? "blur" : "none" });
