/** Files that people hand to the page: chosen, dropped or pasted. */
import { filesOf } from "./files.ts";
import { $ } from "./ui/dom.ts";

export function startInputs(take: (files: File[]) => unknown, takeBackground: (file: File) => unknown): void {
  picked($("file"), take);
  picked($("background-file"), ([file]) => file && takeBackground(file));
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    void take(files);
  });
  const hint = $("drop");
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    hint.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) hint.hidden = true;
  });
  document.addEventListener("drop", async (event) => {
    hint.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    take(await filesOf(event.dataTransfer!));
  });
}

function picked(input: HTMLInputElement, take: (files: File[]) => unknown): void {
  input.onchange = () => {
    const files = [...(input.files ?? [])];
    input.value = ""; // so that the same file can be chosen again
    take(files);
  };
}
