// Which camera and microphone: one choice, shown in several lists, kept for the next visit.

import { listDevices } from "/page/camera.js";
import { list } from "/page/parts.js";
import { remember, remembered } from "/page/settings.js";

const BROWSER = "browser:";
const SERVER = "server:";
const NO_MICROPHONE = "off";

/**
 * `{choice, lists(), refresh()}`. `choice` is `{camera, device, microphone}`: the API's camera, the
 * browser's device id, the microphone's ("" is the default, null none). `onChange(what)` is called
 * with "camera" or "microphone".
 */
export function makeDevices({ options, onChange }) {
  let [cameraRows, microphoneRows] = [[], []];
  let camera = remembered("camera", BROWSER);
  let microphone = remembered("microphone", "");
  const made = [];

  function build(found) {
    cameraRows = [
      { value: BROWSER, text: "This computer's camera" },
      ...(found.cameras.length > 1 ? found.cameras : []).map(({ id, name }) => ({
        value: BROWSER + id,
        text: name,
      })),
      ...options.cameras.map(({ name, text }) => ({
        value: SERVER + name,
        text: `Server: ${text}`,
      })),
    ];
    microphoneRows = [
      { value: "", text: "This computer's microphone" },
      ...(found.microphones.length > 1 ? found.microphones : [])
        .filter(({ id }) => id !== "default")
        .map(({ id, name }) => ({ value: id, text: name })),
      { value: NO_MICROPHONE, text: "No microphone" },
    ];
    if (!cameraRows.some(({ value }) => value === camera)) camera = BROWSER;
    if (!microphoneRows.some(({ value }) => value === microphone)) microphone = "";
  }

  function show() {
    for (const pair of made) {
      pair.cameras.fill(cameraRows);
      pair.cameras.set(camera);
      pair.microphones.fill(microphoneRows);
      pair.microphones.set(microphone);
    }
  }

  const refresh = async () => {
    build(await listDevices());
    show();
  };

  build({ cameras: [], microphones: [] });
  navigator.mediaDevices?.addEventListener?.("devicechange", refresh);

  return {
    get choice() {
      const own = camera.startsWith(BROWSER);
      return {
        camera: own ? "browser" : camera.slice(SERVER.length),
        device: own ? camera.slice(BROWSER.length) : "",
        microphone: microphone !== NO_MICROPHONE ? microphone : null,
      };
    },
    /** Two more lists with this choice: their boxes. */
    lists() {
      const cameras = list({
        text: "Camera",
        answers: cameraRows,
        change: (value) => {
          camera = value;
          remember("camera", value);
          show();
          onChange("camera");
        },
      });
      const microphones = list({
        text: "Microphone",
        answers: microphoneRows,
        change: (value) => {
          microphone = value;
          remember("microphone", value);
          show();
          onChange("microphone");
        },
      });
      made.push({ cameras, microphones });
      show();
      return [cameras.box, microphones.box];
    },
    refresh,
  };
}
