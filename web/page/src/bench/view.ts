/** The page of measurements: every runtime and model on the sample clip, as a table to sort, copy and keep. */
import { benchmark, clipFrames, planned, type BenchRow } from "limner-web";
import clip from "../assets/sample.webm?no-inline";
import { save } from "../recording.ts";
import { fileName } from "../record_formats.ts";
import { $, button, make } from "../ui/dom.ts";
import { RUNTIME_LABELS } from "../ui/engine_panel.ts";
import { announce, toast } from "../ui/toasts.ts";
import { COLUMNS, sorted, textOf, toCsv, toJson, toMarkdown, type ColumnId } from "./table.ts";

export function startBench(): void {
  document.title = "Limner: measurements";
  document.body.classList.add("bench");
  for (const id of ["stage", "controls", "numbers-toggle"]) $(id).hidden = true;
  new BenchView();
}

class BenchView {
  private rows: BenchRow[] = [];
  private order: { column: ColumnId; down: boolean } | null = null;
  private running: AbortController | null = null;
  private readonly go = button("primary", "Measure", () => void this.run());
  private readonly progress = make("progress", { max: 1, value: 0, hidden: true });
  private readonly status = make("p", { className: "hint" });
  private readonly machine = make("p", { className: "hint" });
  private readonly body = make("tbody");
  private readonly heads = new Map<ColumnId, HTMLTableCellElement>();
  private readonly exports: HTMLButtonElement[];

  constructor() {
    this.exports = [
      button("ghost", "Copy as Markdown", () => void this.copy()),
      button("ghost", "CSV", () => save(new Blob([toCsv(this.shown)], { type: "text/csv" }), fileName(new Date(), "csv"))),
      button("ghost", "Markdown", () => save(new Blob([toMarkdown(this.shown)], { type: "text/markdown" }), fileName(new Date(), "md"))),
      button("ghost", "JSON", () => save(new Blob([toJson(this.shown, machine())], { type: "application/json" }), fileName(new Date(), "json"))),
    ];
    const head = make("tr");
    for (const { id, label, number } of COLUMNS) {
      const cell = make("th", { scope: "col", className: number ? "number" : "" }, button("sort", label, () => this.sort(id)));
      this.heads.set(id, cell);
      head.append(cell);
    }
    const back = make("a", { href: "./", textContent: "Back to the picture" });
    document.body.append(
      make(
        "main",
        { className: "bench-page" },
        make("div", { className: "bench-head" }, make("h1", { textContent: "Measurements" }), back),
        make("p", { className: "bench-intro", textContent: "Runs every model in every runtime on frames of the sample clip, on this device. Figures are medians in milliseconds. Inference and read-back are one figure: some runtimes wait in the one, some in the other. Leave the page in front while it runs." }),
        this.machine,
        make("div", { className: "bench-actions" }, this.go, ...this.exports),
        this.progress,
        this.status,
        make("div", { className: "bench-scroll", tabIndex: 0, role: "region", ariaLabel: "Results" }, make("table", {}, make("thead", {}, head), this.body)),
      ),
    );
    this.draw();
    void describeMachine().then((text) => (this.machine.textContent = text));
  }

  private get shown(): BenchRow[] {
    return this.order ? sorted(this.rows, this.order.column, this.order.down) : this.rows;
  }

  private async run(): Promise<void> {
    if (this.running) return this.running.abort(new DOMException("stopped", "AbortError"));
    const stop = (this.running = new AbortController());
    this.rows = [];
    this.go.textContent = "Stop";
    this.progress.hidden = false;
    try {
      const assets = new URL("./", document.baseURI);
      this.status.textContent = "Getting ready…";
      const [every, frames] = await Promise.all([planned(assets), framesOf(clip)]);
      const tell = (): void => {
        const next = every[this.rows.length];
        this.progress.value = this.rows.length / every.length;
        if (next) this.status.textContent = `${this.rows.length + 1} of ${every.length}: ${next.model} (${next.precision}) on ${RUNTIME_LABELS[next.runtime]}`;
      };
      tell();
      for await (const row of benchmark({ frames, assets, signal: stop.signal })) {
        this.rows.push(row);
        this.draw();
        tell();
      }
      this.status.textContent = `Done: ${this.rows.filter((row) => !row.error).length} of ${every.length} run here.`;
    } catch (error) {
      this.status.textContent = stop.signal.aborted ? "Stopped." : (error as Error).message;
    }
    announce(this.status.textContent);
    this.running = null;
    this.go.textContent = "Measure again";
    this.progress.hidden = true;
  }

  private sort(column: ColumnId): void {
    const same = this.order?.column === column;
    this.order = { column, down: same ? !this.order!.down : column === "fps" };
    this.draw();
  }

  private draw(): void {
    for (const [id, cell] of this.heads) {
      if (this.order?.column === id) cell.ariaSort = this.order.down ? "descending" : "ascending";
      else cell.removeAttribute("aria-sort");
    }
    const best = Math.min(...this.rows.filter((row) => !row.error).map((row) => row.inference + row.readback));
    this.body.replaceChildren(...(this.rows.length ? this.shown.map((row) => line(row, best)) : [empty()]));
    for (const one of this.exports) one.disabled = !this.rows.length;
  }

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(toMarkdown(this.shown));
      toast("Copied");
    } catch {
      toast("The browser does not let the page copy. Download it instead.");
    }
  }
}

/** Fetched whole, so that it comes from the cache where there is no network. */
async function framesOf(address: string): Promise<ImageBitmap[]> {
  const url = URL.createObjectURL(await (await fetch(address)).blob());
  try {
    return await clipFrames(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function line(row: BenchRow, best: number): HTMLTableRowElement {
  const cells = COLUMNS.filter(({ id }) => !row.error || !["upload", "net", "total", "fps"].includes(id)).map(({ id, number }) => make("td", { className: number ? "number" : "", textContent: textOf(row, id) }));
  if (row.error) cells.push(make("td", { colSpan: 4, className: "bench-error", textContent: row.error }));
  return make("tr", { className: !row.error && row.inference + row.readback === best ? "best" : "" }, ...cells);
}

function empty(): HTMLTableRowElement {
  return make("tr", {}, make("td", { colSpan: COLUMNS.length, className: "bench-empty", textContent: "Nothing measured yet." }));
}

function machine(): Record<string, unknown> {
  return { date: new Date().toISOString(), browser: navigator.userAgent, cores: navigator.hardwareConcurrency, isolated: crossOriginIsolated };
}

async function describeMachine(): Promise<string> {
  const threads = crossOriginIsolated ? "wasm may use threads" : "wasm has one thread: the page is not isolated";
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  return `${navigator.hardwareConcurrency} cores, ${threads}, ${adapter ? "WebGPU has a graphics device" : "no WebGPU"}.`;
}
