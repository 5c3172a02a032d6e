// The page's beginning: asks the server what there is, then the studio, or a viewer at /?view=ID.

import { readOptions } from "/page/api.js";
import { byId } from "/page/element.js";
import { notify } from "/page/notices.js";
import { startStudio } from "/page/studio.js";
import { bindTheme } from "/page/theme.js";
import { startViewer } from "/page/viewer.js";

const NO_TOKEN = "This studio is protected: open the link that the server printed when it started.";

const NO_WEBRTC =
  "This browser has no WebRTC (RTCPeerConnection), which carries the camera and the avatar: " +
  "open this page with Chrome, Edge, Firefox or Safari.";

/** The token has become a cookie; it need not stay in the address and the history. */
function hideToken() {
  const address = new URL(location.href);
  if (!address.searchParams.has("token")) return;
  address.searchParams.delete("token");
  history.replaceState(null, "", address);
}

async function begin() {
  bindTheme(byId("theme-button"), byId("theme-text"));
  hideToken();
  if (!("RTCPeerConnection" in window)) notify("webrtc", NO_WEBRTC);
  const id = new URLSearchParams(location.search).get("view");
  try {
    const options = await readOptions();
    if (id !== null) await startViewer({ id, iceServers: options.ice_servers ?? [] });
    else await startStudio(options);
  } catch (error) {
    if (error.code === undefined) throw error;
    notify("begin", error.code === "no_token" ? NO_TOKEN : error.message, {
      action: { text: "Try again", run: () => location.reload() },
    });
  }
}

begin();
