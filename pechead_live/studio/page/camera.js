// The browser's own camera and microphone: asking for them, listing them, and why one is refused.

const VIDEO = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
const PORTRAIT = { width: { ideal: 1280 }, height: { ideal: 960 } };
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

const withDevice = (wishes, id) => (id ? { ...wishes, deviceId: { exact: id } } : wishes);

/** Whether this page may ask for a camera at all. */
export const mayAsk = () => Boolean(navigator.mediaDevices?.getUserMedia);

function need() {
  if (!mayAsk()) {
    throw new DOMException("no mediaDevices", "InsecureContextError");
  }
}

/**
 * The camera, and the microphone unless `microphone` is null ("" is the default one). Without a
 * microphone the camera alone is given; `soundError` then says why.
 */
export async function openCamera({ camera = "", microphone = null }) {
  need();
  const video = withDevice(VIDEO, camera);
  if (microphone !== null) {
    try {
      const audio = withDevice(SOUND, microphone);
      const stream = await navigator.mediaDevices.getUserMedia({ video, audio });
      return { stream, soundError: null };
    } catch (error) {
      const stream = await navigator.mediaDevices.getUserMedia({ video });
      return { stream, soundError: error };
    }
  }
  return { stream: await navigator.mediaDevices.getUserMedia({ video }), soundError: null };
}

/** The microphone alone ("" is the default one), for a camera that the server has. */
export async function openMicrophone(microphone) {
  need();
  return navigator.mediaDevices.getUserMedia({ audio: withDevice(SOUND, microphone) });
}

/** The camera at more pixels, for a portrait. */
export async function openPortraitCamera(camera = "") {
  need();
  return navigator.mediaDevices.getUserMedia({ video: withDevice(PORTRAIT, camera) });
}

/** `{cameras, microphones}`, each of `{id, name}`: those that the user has allowed. */
export async function listDevices() {
  if (!mayAsk()) return { cameras: [], microphones: [] };
  const all = await navigator.mediaDevices.enumerateDevices();
  const of = (kind) =>
    all
      .filter((device) => device.kind === kind && device.deviceId && device.label)
      .map((device) => ({ id: device.deviceId, name: device.label }));
  return { cameras: of("videoinput"), microphones: of("audioinput") };
}

/** Ends every track of a stream: the camera's lamp goes out. */
export function release(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Why the camera or microphone is not there, and what to do. */
export function whyRefused(error, device = "camera") {
  switch (error.name) {
    case "InsecureContextError":
      return (
        `The browser gives a page the ${device} only over https or on this machine itself: ` +
        "open the page with https, or choose one of the server's cameras."
      );
    case "NotAllowedError":
    case "SecurityError":
      return (
        `The browser may not use the ${device}. Click the sign beside the page's address, ` +
        `allow the ${device} (in the system's privacy settings too), and try again.`
      );
    case "NotFoundError":
    case "OverconstrainedError": // of a device that is gone; of any in WebKit where there is none
      return `No ${device} was found. Plug one in, or choose another one in the list.`;
    case "NotReadableError":
    case "AbortError":
      return `The ${device} is used by another program: close that program, and try again.`;
    default:
      return `The ${device} could not be opened (${error.name}: ${error.message}).`;
  }
}
