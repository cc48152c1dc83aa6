// Sliders over pictures and clips, the choice of effects, two clips in step, and commands that are copied.
"use strict";

for (const box of document.querySelectorAll(".compare")) {
  const slider = box.querySelector("input");
  const show = () => {
    const at = Number(slider.value);
    box.style.setProperty("--at", `${at}%`);
    box.classList.toggle("no-before", at < 15);
    box.classList.toggle("no-after", at > 85);
    slider.setAttribute("aria-valuetext", `${at} % before, ${100 - at} % after`);
  };
  const place = (event) => {
    const { left, width } = box.getBoundingClientRect();
    slider.value = (100 * (event.clientX - left)) / width;
    show();
  };
  slider.addEventListener("input", show);
  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    box.setPointerCapture(event.pointerId);
    event.preventDefault();
    slider.focus({ preventScroll: true });
    place(event);
  });
  box.addEventListener("pointermove", (event) => box.hasPointerCapture(event.pointerId) && place(event));
  show();
}

const on = (name, what) => {
  for (const radio of document.querySelectorAll(`input[name=${name}]`)) radio.addEventListener("change", () => what(radio));
};

on("photo", (radio) => {
  const picture = document.querySelector("#photo .after img");
  picture.src = radio.value;
  picture.alt = `The same portrait: ${radio.dataset.said}`;
});

const [before, after] = document.querySelectorAll("#clip video");
const button = document.querySelector("#play");

const tell = () => {
  button.textContent = before.paused ? "Play" : "Pause";
  button.setAttribute("aria-pressed", String(!before.paused));
};
const start = () => Promise.all([before.play(), after.play()]).catch(() => {}); // a browser may want a click first
const again = () => {
  before.currentTime = after.currentTime = 0;
  start();
};
before.addEventListener("ended", again);
before.addEventListener("play", tell);
before.addEventListener("pause", tell);
before.addEventListener("timeupdate", () => {
  if (Math.abs(before.currentTime - after.currentTime) > 0.08 && !after.seeking) after.currentTime = before.currentTime;
});
button.addEventListener("click", () => {
  if (before.paused) return start();
  before.pause();
  after.pause();
  after.currentTime = before.currentTime;
});
on("clip", (radio) => {
  after.src = radio.value;
  after.setAttribute("aria-label", `The same clip: ${radio.dataset.said}`);
  after.currentTime = before.currentTime;
  if (!before.paused) after.play().catch(() => {});
  for (const times of document.querySelectorAll(".times")) times.hidden = times.dataset.file !== radio.value;
});
// Until it is seen it stands still, and for who wants no motion it never starts of its own accord.
if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
  const seen = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) {
      seen.disconnect();
      start();
    }
  });
  seen.observe(before);
}

async function copy(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    return document.execCommand("copy"); // older browsers, and pages opened from a disk in some
  }
}
for (const press of document.querySelectorAll(".copy")) {
  press.addEventListener("click", async () => {
    const done = await copy(press.parentElement.querySelector("code"));
    press.textContent = done ? "Copied" : "Selected";
    document.querySelector("#said").textContent = done ? "Copied." : "Selected; copy it with Ctrl+C.";
    setTimeout(() => (press.textContent = "Copy"), 2000);
  });
}
