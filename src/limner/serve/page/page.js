"use strict";
// Sends a photo to /v1/image and shows what comes back. Nothing is kept.
const at = (id) => document.getElementById(id);
let effects = [], dropped = null;

function headers() {
  return at("key").value ? { Authorization: `Bearer ${at("key").value}` } : {};
}

function say(text, wrong = false) {
  at("said").textContent = text;
  at("said").className = wrong ? "error" : "";
}

async function get(path) {
  const answer = await fetch(path, { headers: headers() });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

function fill(select, names) {
  select.replaceChildren(...names.map((name) => new Option(name, name)));
}

function showSettings() {
  const effect = effects.find((item) => item.name === at("effect").value);
  at("settings").replaceChildren(...(effect ? effect.settings : []).flatMap((setting) => {
    const made = [];
    for (const type of setting.photo ? ["text", "file"] : ["text"]) {
      const label = document.createElement("label");
      const input = document.createElement("input");
      label.title = setting.help;
      label.append(`${setting.name}${type === "file" ? " (photo)" : ""} `, input);
      Object.assign(input, { type, name: setting.name });
      made.push(label);
    }
    return made;
  }));
}

async function load() {
  try {
    const [models, known] = await Promise.all([get("v1/models"), get("v1/effects")]);
    effects = known.effects;
    fill(at("model"), models.map((model) => model.name));
    fill(at("effect"), effects.map((effect) => effect.name));
    showSettings();
    say("");
  } catch (error) {
    say(error.message, true);
  }
}

function show(image, blob) {
  if (image.src) URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(blob);
  image.hidden = false;
}

function choose(file) {
  dropped = file;
  show(at("before"), file);
  say(file.name);
}

async function send(event) {
  event.preventDefault();
  const photo = dropped ?? at("photo").files[0];
  if (!photo) return say("choose a photo first", true);
  const form = new FormData();
  form.append("photo", photo);
  for (const id of ["effect", "model", "format"]) if (at(id).value) form.append(id, at(id).value);
  for (const input of at("settings").querySelectorAll("input")) {
    const value = input.type === "file" ? input.files[0] : input.value;
    if (value) form.append(input.name, value);
  }
  at("go").disabled = true;
  say("…");
  try {
    const answer = await fetch("v1/image", { method: "POST", body: form, headers: headers() });
    if (!answer.ok) throw new Error((await answer.json()).error);
    const result = await answer.blob();
    show(at("after"), result);
    const person = Number(answer.headers.get("Limner-Person"));
    say(`person ${Math.round(100 * person)} %, ${Math.round(result.size / 1000)} kB, ${answer.headers.get("Server-Timing")}`);
    Object.assign(at("save"), { href: at("after").src, download: `result.${result.type.split("/")[1].replace("jpeg", "jpg")}`, hidden: false });
  } catch (error) {
    say(error.message, true);
  } finally {
    at("go").disabled = false;
  }
}

at("form").addEventListener("submit", send);
at("effect").addEventListener("change", showSettings);
at("key").addEventListener("change", load);
at("photo").addEventListener("change", () => at("photo").files[0] && choose(at("photo").files[0]));
for (const kind of ["dragover", "dragleave", "drop"]) {
  at("drop").addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
  });
}
load();
