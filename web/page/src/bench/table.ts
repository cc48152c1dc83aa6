/** Rows of the measurements: sorted, and written as CSV, Markdown and JSON. */
import type { BenchRow } from "limner-web";

export const COLUMNS = [
  { id: "runtime", label: "Runtime", number: false },
  { id: "model", label: "Model", number: false },
  { id: "precision", label: "Precision", number: false },
  { id: "size", label: "Size", number: true },
  { id: "upload", label: "Upload, ms", number: true },
  { id: "net", label: "Inference + read-back, ms", number: true },
  { id: "total", label: "Total, ms", number: true },
  { id: "fps", label: "Frames/s", number: true },
] as const;
export type ColumnId = (typeof COLUMNS)[number]["id"];

/** What is compared: inference and its read-back are one figure, since some runtimes do the work in one and some in the other. */
export function valueOf(row: BenchRow, column: ColumnId): string | number {
  switch (column) {
    case "size":
      return row.width * row.height;
    case "net":
      return row.inference + row.readback;
    default:
      return row[column];
  }
}

export function textOf(row: BenchRow, column: ColumnId): string {
  if (column === "size") return row.width ? `${row.width} × ${row.height}` : "";
  const value = valueOf(row, column);
  if (typeof value === "string") return value;
  return row.error ? "" : value.toFixed(1);
}

/** Sorted copy; rows without figures come last either way, equals keep their order. */
export function sorted(rows: readonly BenchRow[], column: ColumnId, down: boolean): BenchRow[] {
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    if (Boolean(a.error) !== Boolean(b.error)) return a.error ? 1 : -1;
    const [x, y] = [valueOf(a, column), valueOf(b, column)];
    return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
  });
}

export function toCsv(rows: readonly BenchRow[]): string {
  const head = ["runtime", "model", "precision", "width", "height", "upload_ms", "inference_ms", "readback_ms", "inference_readback_ms", "total_ms", "fps", "error"];
  const lines = rows.map((row) => {
    const figures = [row.upload, row.inference, row.readback, row.inference + row.readback, row.total, row.fps];
    return [row.runtime, row.model, row.precision, String(row.width), String(row.height), ...figures.map((value) => (row.error ? "" : value.toFixed(2))), row.error ?? ""].map(cell).join(",");
  });
  return [head.join(","), ...lines].join("\r\n") + "\r\n";
}

function cell(text: string): string {
  // A leading =, +, - or @ would be run as a formula by spreadsheets.
  const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toMarkdown(rows: readonly BenchRow[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((text) => text.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  const body = rows.map((row) => line(COLUMNS.map(({ id }) => (id === "net" && row.error ? row.error : textOf(row, id)))));
  return [line(COLUMNS.map(({ label }) => label)), line(COLUMNS.map(({ number }) => (number ? "---:" : "---"))), ...body].join("\n") + "\n";
}

/** With what was measured on, so that tables of several machines can be told apart. */
export function toJson(rows: readonly BenchRow[], machine: Record<string, unknown>): string {
  return JSON.stringify({ schema: 1, machine, rows }, null, 1) + "\n";
}
