/** What stands in the picture's place: welcome, progress, and everything that can go wrong. */
import { ACTIONS, type ActionName, type Message } from "../messages.ts";
import { $, button, setIcon } from "./dom.ts";
import { announce } from "./toasts.ts";

export class Veil {
  private title = "";

  constructor(private readonly act: (action: ActionName) => void) {}

  show(message: Message & { share?: number | null; amount?: string }): void {
    const box = $("message");
    box.classList.toggle("problem", message.tone === "problem");
    box.classList.toggle("busy", message.tone === "busy");
    $("message-picture").hidden = message.tone !== "welcome";
    $("message-icon").toggleAttribute("hidden", message.tone === "welcome");
    $("stage").classList.toggle("empty", Boolean(message.actions));
    setIcon($("message-icon"), message.icon);
    $("message-title").textContent = message.title;
    put("message-text", message.text);
    put("message-remedy", message.remedy);
    put("message-amount", message.amount);
    const progress = $<HTMLProgressElement>("message-progress");
    progress.hidden = message.share === undefined;
    if (typeof message.share === "number") progress.value = message.share;
    else progress.removeAttribute("value");
    const actions = (message.actions ?? []).map((name, index) => button(index ? "plain-button" : "primary", ACTIONS[name], () => this.act(name)));
    $("message-actions").replaceChildren(...actions);
    $("veil").hidden = false;
    $("frame").classList.remove("live");
    if (message.title !== this.title) announce([message.title, message.text, message.remedy].filter(Boolean).join(". "));
    this.title = message.title;
  }

  /** Show the picture. */
  hide(): void {
    $("veil").hidden = true;
    $("frame").classList.add("live");
    this.title = "";
  }

  get shown(): boolean {
    return !$("veil").hidden;
  }
}

function put(id: string, text: string | undefined): void {
  $(id).textContent = text ?? "";
  $(id).hidden = !text;
}
