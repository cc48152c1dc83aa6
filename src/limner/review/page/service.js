// What the page asks of its server. Requests that change something go one after another, in the order in which they were made.
let last = Promise.resolve();
let open = 0;

async function told(answer) {
  if (!answer.ok) throw new Error((await answer.text()).replace(/^\d+ [^:]*: /, "").trim() || `the server says ${answer.status}`);
  return answer;
}

/** One after another; a failure of one does not keep the next from being tried. */
function inTurn(work) {
  open += 1;
  const mine = last.then(work).finally(() => (open -= 1));
  last = mine.catch(() => {});
  return mine;
}

export const isSaving = () => open > 0;

export const items = async () => (await told(await fetch("items.json"))).json();

async function bitmap(path) {
  const blob = await (await told(await fetch(path))).blob();
  return createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

export const load = (index) => inTurn(async () => Promise.all([bitmap(`photo/${index}`), bitmap(`mask/${index}`)]));

export const decide = (index, verdict) =>
  inTurn(async () => (await told(await fetch(`decide/${index}`, { method: "POST", body: JSON.stringify({ verdict }), headers: { "Content-Type": "application/json" } }))).json());

const sent = async (path, body) => told(await fetch(path, { method: "POST", body, headers: { "Content-Type": "image/png" } }));

export const repair = (index, png) => inTurn(async () => (await sent(`repair/${index}`, await png)).json());

export const snap = (index, png) =>
  inTurn(async () => createImageBitmap(await (await sent(`snap/${index}`, await png)).blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" }));
