// The review: one photo after another, decided by a key, repaired by a brush; everything is saved as it happens.
import { Mask } from "./mask.js";
import * as service from "./service.js";

const at = (id) => document.getElementById(id);
const canvas = at("canvas"), context = canvas.getContext("2d");
const VIEWS = ["shade", "outline", "cut-out", "mask", "photo"];
const SAVE_AFTER = 300; // ms without a stroke

let items = [], index = 0, photo = null, mask = null, tool = "paint", view = "shade";
let scale = 1, shift = { x: 0, y: 0 }, fitted = true; // photo pixel (x, y) lies at (x · scale + shift.x, y · scale + shift.y)
let stroke = null, moving = null, spaced = false, pointer = null, unsaved = false, timer = 0, busy = false, asked = 0;

const say = (text) => (at("said").textContent = text);
const item = () => items[index];

async function attempt(work) {
  try {
    const found = await work();
    say("");
    return found;
  } catch (error) {
    say(error instanceof TypeError ? "The server does not answer: start limner data review again. What was saved is kept." : error.message);
    return undefined;
  }
}

async function show(next) {
  await save();
  index = Math.max(0, Math.min(items.length - 1, next));
  history.replaceState(null, "", `#${index + 1}`);
  const mine = ++asked;
  photo = mask = null;
  tell();
  draw();
  const loaded = await attempt(() => service.load(index));
  if (!loaded || mine !== asked) return;
  photo = loaded[0];
  mask = new Mask(loaded[1]);
  fit();
  document.body.dataset.shown = String(index);
}

function tell() {
  const { set, stem, why, verdict, kind } = item();
  const decided = items.filter((each) => each.verdict).length;
  at("name").textContent = `${set}/${stem}`;
  at("why").textContent = why || kind;
  at("verdict").textContent = { accept: "accepted", reject: "rejected", nobody: "nobody", repair: "repaired" }[verdict] ?? "undecided";
  at("verdict").className = `chip ${verdict ?? ""}`;
  at("count").textContent = `${index + 1} of ${items.length}, ${decided} decided`;
  at("bar").value = decided / items.length;
  at("view").textContent = view[0].toUpperCase() + view.slice(1);
  for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
}

function fit() {
  const { width, height } = canvas;
  scale = Math.min(width / photo.width, height / photo.height) * 0.98;
  shift = { x: (width - photo.width * scale) / 2, y: (height - photo.height * scale) / 2 };
  fitted = true;
  draw();
}

function zoom(factor, x = canvas.width / 2, y = canvas.height / 2) {
  if (!photo) return;
  const next = Math.max(0.05, Math.min(40, scale * factor));
  shift = { x: x - ((x - shift.x) * next) / scale, y: y - ((y - shift.y) * next) / scale };
  scale = next;
  fitted = false;
  draw();
}

function draw() {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!photo) return;
  context.setTransform(scale, 0, 0, scale, shift.x, shift.y);
  context.imageSmoothingEnabled = scale < 3;
  context.drawImage(photo, 0, 0);
  if (mask && view !== "photo") context.drawImage(mask.show(view), 0, 0);
  if (pointer && !spaced) {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.beginPath();
    context.arc(pointer.x, pointer.y, radius() * scale, 0, 7);
    context.lineWidth = 3;
    context.strokeStyle = "rgba(0, 0, 0, .5)";
    context.stroke();
    context.lineWidth = 1;
    context.strokeStyle = { paint: "#8f8", erase: "#f88", snap: "#fc4" }[tool];
    context.stroke();
  }
}

/** Of the brush in pixels of the photo: its size is of the screen, so that zooming in makes it finer. */
const radius = () => Math.max(0.5, (Number(at("size").value) * devicePixelRatio) / 2 / scale);

const place = (event) => {
  const box = canvas.getBoundingClientRect();
  return { x: ((event.clientX - box.left) * canvas.width) / box.width, y: ((event.clientY - box.top) * canvas.height) / box.height };
};
const onPhoto = ({ x, y }) => ({ x: (x - shift.x) / scale - 0.5, y: (y - shift.y) / scale - 0.5 });

function changed() {
  unsaved = true;
  clearTimeout(timer);
  timer = setTimeout(save, SAVE_AFTER);
  draw();
}

/** Keep what was painted; at once, before anything else is done. */
async function save() {
  clearTimeout(timer);
  if (!unsaved || !mask) return;
  unsaved = false;
  const [mine, painted] = [item(), mask.png()];
  const kept = await attempt(() => service.repair(index, painted));
  if (kept) mine.verdict = kept.verdict;
  else unsaved = true;
  tell();
}

async function snap() {
  if (!mask || busy) return;
  busy = true;
  say("Snapping …");
  const found = await attempt(() => service.snap(index, mask.png()));
  busy = false;
  mask.forgetRegion();
  if (found) {
    mask.replace(found);
    changed();
  }
  draw();
}

async function decide(verdict) {
  await save();
  if (unsaved) return; // what was painted could not be kept; the page says why
  const mine = item();
  const kept = await attempt(() => service.decide(index, verdict));
  if (!kept) return;
  mine.verdict = kept.verdict;
  if (verdict) await (index + 1 < items.length ? show(index + 1) : tell());
  else await show(index);
}

function undecided() {
  const order = [...items.keys()].map((step) => (index + 1 + step) % items.length);
  return order.find((each) => !items[each].verdict) ?? index;
}

const choose = (name) => () => {
  tool = name;
  tell();
  draw();
};
const resize = (factor) => () => {
  at("size").value = String(Math.round(Number(at("size").value) * factor + Math.sign(factor - 1)));
  draw();
};

const ACTIONS = {
  accept: () => decide("accept"),
  reject: () => decide("reject"),
  nobody: () => decide("nobody"),
  takeBack: async () => {
    clearTimeout(timer);
    unsaved = false;
    await decide(null);
  },
  next: () => show(index + 1),
  previous: () => show(index - 1),
  undecided: () => show(undecided()),
  paint: choose("paint"),
  erase: choose("erase"),
  snap: choose("snap"),
  snapAll: snap,
  undo: () => mask?.undo() && changed(),
  redo: () => mask?.redo() && changed(),
  view: () => {
    view = VIEWS[(VIEWS.indexOf(view) + 1) % VIEWS.length];
    tell();
    draw();
  },
  smaller: resize(0.8),
  larger: resize(1.25),
  zoomIn: () => zoom(1.25),
  zoomOut: () => zoom(0.8),
  whole: () => photo && fit(),
  help: () => at("keys").showModal(),
};
const KEYS = {
  a: "accept", Enter: "accept", x: "reject", n: "nobody", u: "takeBack", ArrowRight: "next", j: "next", ArrowLeft: "previous", k: "previous",
  b: "paint", e: "erase", s: "snap", g: "snapAll", z: "undo", y: "redo", v: "view", "[": "smaller", "]": "larger", "+": "zoomIn", "=": "zoomIn",
  "-": "zoomOut", 0: "whole", "?": "help",
};

addEventListener("keydown", (event) => {
  if (at("keys").open || (event.target.matches?.("button, input") && ["Enter", " ", "ArrowLeft", "ArrowRight"].includes(event.key))) return;
  if (event.key === " ") {
    spaced = true;
    canvas.style.cursor = "grab";
    event.preventDefault();
    draw();
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  let name = KEYS[key];
  if (event.ctrlKey || event.metaKey) name = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : undefined;
  else if (key === "z" && event.shiftKey) name = "redo";
  else if (key === "ArrowRight" && event.shiftKey) name = "undecided";
  if (!name || event.altKey || (event.repeat && ["accept", "reject", "nobody", "takeBack", "snapAll"].includes(name))) return;
  event.preventDefault();
  ACTIONS[name]();
});
addEventListener("keyup", (event) => {
  if (event.key !== " ") return;
  spaced = false;
  canvas.style.cursor = "";
  draw();
});

canvas.addEventListener("pointerdown", (event) => {
  if (!mask || busy) return;
  canvas.focus();
  canvas.setPointerCapture(event.pointerId);
  const here = place(event);
  if (spaced || event.button === 1) {
    moving = here;
  } else if (event.button === 0 || event.button === 2) {
    stroke = { tool: event.button === 2 ? "erase" : tool, at: onPhoto(here) };
    if (stroke.tool !== "snap") mask.begin();
    mask.stroke(stroke.tool, stroke.at, stroke.at, radius());
    draw();
  }
});
canvas.addEventListener("pointermove", (event) => {
  pointer = place(event);
  if (moving) {
    shift = { x: shift.x + pointer.x - moving.x, y: shift.y + pointer.y - moving.y };
    moving = pointer;
    fitted = false;
  } else if (stroke && mask) {
    const here = onPhoto(pointer);
    mask.stroke(stroke.tool, stroke.at, here, radius());
    stroke.at = here;
  }
  draw();
});
canvas.addEventListener("pointerup", () => {
  const ended = stroke;
  stroke = moving = null;
  if (ended) ended.tool === "snap" ? snap() : changed();
});
canvas.addEventListener("pointercancel", () => {
  if (stroke) changed();
  stroke = moving = null;
});
canvas.addEventListener("pointerleave", () => {
  pointer = null;
  draw();
});
canvas.addEventListener("contextmenu", (event) => event.preventDefault());
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const { x, y } = place(event);
  zoom(Math.exp(-event.deltaY * 0.0015), x, y);
}, { passive: false });
at("size").addEventListener("input", draw);
at("help").addEventListener("click", ACTIONS.help);
for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => {
    ACTIONS[button.dataset.do]();
    canvas.focus();
  });
}
addEventListener("beforeunload", (event) => {
  if (unsaved || service.isSaving()) event.preventDefault();
});
new ResizeObserver(() => {
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * devicePixelRatio));
  if (photo && fitted) fit();
  else draw();
}).observe(canvas);

const told = await attempt(service.items);
if (told) {
  items = told.items;
  const asked = Number(location.hash.slice(1));
  const first = asked >= 1 && asked <= items.length ? asked - 1 : Math.max(0, items.findIndex((each) => !each.verdict));
  document.title = `Review · ${told.folder.split("/").pop()}`;
  await show(first);
}
