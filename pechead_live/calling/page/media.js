// The user's camera and microphone.

const CAMERA = { width: 640, height: 480, frameRate: 25, facingMode: "user" };
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** `{camera, microphone}`, each null if it is not wanted or cannot be had: who has no camera still
 * listens and talks. */
export async function openMedia(wantsCamera, wantsMicrophone) {
  const open = async (wants, constraints) => {
    try {
      return wants ? await navigator.mediaDevices.getUserMedia(constraints) : null;
    } catch (error) {
      console.warn(`not used: ${error.message}`);
      return null;
    }
  };
  return {
    camera: await open(wantsCamera, { video: CAMERA }),
    microphone: await open(wantsMicrophone, { audio: SOUND }),
  };
}

export function stopMedia(media) {
  for (const stream of [media?.camera, media?.microphone]) {
    for (const track of stream?.getTracks() ?? []) track.stop();
  }
}
