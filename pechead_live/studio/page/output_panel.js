// Where picture and sound go: virtual camera, recording, further viewers, and the user's devices.

import { element, setText } from "/page/element.js";
import { announce, notify } from "/page/notices.js";
import { choice, group, pushButton, toggleSwitch } from "/page/parts.js";

const NOT_LIVE = "Available once the avatar is live.";

const clock = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/**
 * `{content, show(session)}`: the panel's elements, and a call with `GET /sessions/ID`'s answer, or
 * null when nothing is live. `switchSink(name, on)` opens or closes one.
 */
export function outputPanel({ options, controls, switchSink, devices }) {
  const sinks = ["virtualcam", "recording"].map((name) => {
    const can = options.sinks[name] ?? { available: false, why: "This server has none." };
    const idle = {
      virtualcam: "Zoom, Teams and others see the avatar as a camera of the server's machine.",
      recording: "The server writes the picture and the sound into a file.",
    }[name];
    const one = toggleSwitch({
      text: { virtualcam: "Virtual camera", recording: "Recording" }[name],
      change: async (on) => {
        one.input.disabled = true;
        if (!(await switchSink(name, on))) one.set(!on);
        one.input.disabled = false;
      },
    });
    one.input.disabled = true;
    return { name, can, idle, ...one };
  });

  const sound = choice({
    text: "Sound",
    hideText: true,
    answers: [
      { value: "delayed", text: "In step with the picture" },
      { value: "off", text: "Off" },
    ],
    change: (value) => controls.change({ sound: value }),
  });
  const delay = element("p", { class: "note" });

  let link = "";
  const address = element("input", { type: "text", readOnly: true, "aria-label": "Viewer's link" });
  const copy = pushButton({
    sign: "link",
    text: "Copy",
    press: async () => {
      try {
        await navigator.clipboard.writeText(link);
        announce("The link was copied.");
        setText(copy.lastElementChild, "Copied");
        setTimeout(() => setText(copy.lastElementChild, "Copy"), 1500);
      } catch {
        address.select();
        notify(
          "copy",
          "The browser did not let the page copy: the link is selected, copy it by hand.",
          {
            tone: "plain",
          },
        );
      }
    },
  });
  const viewers = element("p", { class: "note" });
  const linkRow = element("div", { class: "row link-row" }, address, copy);

  controls.watch((values) => sound.set(values.sound));

  function show(session) {
    const status = session?.status;
    for (const { name, can, idle, input, set, explain } of sinks) {
      const open = status?.sinks?.[name] ?? null;
      if (!input.matches(":disabled") || !session || !can.available) set(open !== null);
      input.disabled = !session || !can.available;
      if (!can.available) explain(`Not available: ${can.why}`);
      else if (open === null) explain(session ? idle : `${idle} ${NOT_LIVE}`);
      else
        explain(
          [open.name, open.seconds >= 0 ? clock(open.seconds) : ""].filter(Boolean).join(" · "),
        );
    }
    const delayMs = status?.sound_delay_ms;
    setText(delay, delayMs > 0 ? `The sound waits ${Math.round(delayMs)} ms for the picture.` : "");
    delay.hidden = delay.textContent === "";
    link = session ? new URL(`/?view=${encodeURIComponent(session.id)}`, location.href).href : "";
    if (address.value !== link) address.value = link;
    linkRow.hidden = !session;
    setText(viewers, session ? "Who may open this server can watch with this link." : NOT_LIVE);
  }

  show(null);
  const content = [
    group("Outputs", {}, ...sinks.map(({ box }) => box)),
    group("Sound", {}, sound.box, delay),
    group("More viewers", {}, viewers, linkRow),
    group("Your devices", {}, ...devices),
  ];
  return { content, show };
}
