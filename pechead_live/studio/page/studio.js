// The studio: joins portrait, camera, session, controls and figures on one page.

import { calibrate } from "/page/calibration.js";
import { createControls, defaultControls } from "/page/controls.js";
import { makeDevices } from "/page/devices.js";
import { byId, setText } from "/page/element.js";
import { fillStartCard, fillWelcome } from "/page/entrance.js";
import { expressionPanel } from "/page/expression_panel.js";
import { makeFigures } from "/page/figures.js";
import { makeGallery } from "/page/gallery.js";
import { bindHotkeys, openKeysWindow } from "/page/hotkeys.js";
import { studioKeys } from "/page/keys.js";
import { makeLive } from "/page/live.js";
import { fillBar, fillPresets } from "/page/live_bar.js";
import { motionPanel } from "/page/motion_panel.js";
import { announce, notify } from "/page/notices.js";
import { outputPanel } from "/page/output_panel.js";
import { group } from "/page/parts.js";
import { picturePanel } from "/page/picture_panel.js";
import { acceptDrops, openPortraitWindow } from "/page/portrait.js";
import { remember, remembered } from "/page/settings.js";
import { bindFullScreen, markStage, showPortrait } from "/page/stage.js";
import { connectionWords, showWords, statusWords } from "/page/state.js";
import { fillTabs } from "/page/tabs.js";
import { makeWarnings } from "/page/warnings.js";

/** Builds the studio from the server's options. */
export async function startStudio(options) {
  let linked = null; // the connection's words while they matter more than the STATUS
  let recording = null;

  const controls = createControls(defaultControls(options), (error) => {
    notify("controls", error.message);
  });
  const devices = makeDevices({ options, onChange: (what) => live.changeDevice(what) });
  const live = makeLive({
    iceServers: options.ice_servers ?? [],
    controls,
    devices,
    on: {
      phase: showPhase,
      connection: showConnection,
      session: showSession,
      trouble: showTrouble,
    },
  });
  const gallery = makeGallery({
    controls,
    pick: pickAvatar,
    create: () => newAvatar(),
    onChange: showAvatars,
  });
  const calibrateNow = () => live.id && calibrate(live.id);
  const keys = studioKeys({ options, controls, calibrate: calibrateNow });
  const output = outputPanel({ options, controls, switchSink, devices: devices.lists() });
  const figures = makeFigures(byId("figures"));
  const warnings = makeWarnings(byId("warnings"), {
    uncalibrated: { text: "Calibrate", run: calibrateNow },
  });
  const card = fillStartCard(byId("start-card"), { lists: devices.lists(), start: live.start });
  const bar = fillBar(byId("bar"), {
    controls,
    canRecord: options.sinks.recording?.available ?? false,
    press: {
      stop,
      mute: (on) => {
        live.mute(on);
        showBar();
      },
      listen: (on) => {
        byId("avatar-video").muted = !on;
        showBar();
      },
      calibrate: calibrateNow,
      record: (on) => switchSink("recording", on),
    },
  });
  fillPresets(byId("presets"), { options, controls });
  fillWelcome(byId("welcome"), { choose: () => newAvatar(), camera: () => newAvatar("camera") });
  fillTabs(byId("panel"), [
    { title: "Avatar", content: [group("Avatars", {}, gallery.box)] },
    { title: "Motion", content: motionPanel({ options, controls, calibrate: calibrateNow }) },
    { title: "Face", content: expressionPanel({ options, controls }) },
    { title: "Picture", content: picturePanel({ options, controls }) },
    { title: "Output", content: output.content },
  ]);
  bindFullScreen();
  acceptDrops(document.documentElement, byId("stage"), (file) => newAvatar(file));
  bindHotkeys(keys, () => live.phase === "live");
  byId("keys-button").addEventListener("click", () => openKeysWindow(keys));
  controls.watch(({ avatar }) => showPortrait(find(avatar)));

  function find(id) {
    return gallery.avatars.find((one) => one.id === id) ?? null;
  }

  function pickAvatar(id) {
    remember("avatar", id);
    controls.change({ avatar: id });
    announce(`${find(id)?.name ?? "Avatar"} chosen.`);
  }

  function newAvatar(start = null) {
    if (document.querySelector("dialog[open]")) return;
    const made = (avatar) => {
      gallery.add(avatar);
      pickAvatar(avatar.id);
      announce(`${avatar.name} was made.`);
      if (live.phase === "idle") card.focus();
    };
    openPortraitWindow({ made, start });
  }

  function showAvatars() {
    if (gallery.avatars.length > 0 && !find(controls.values.avatar)) {
      const known = find(remembered("avatar")) ?? gallery.avatars[0];
      controls.change({ avatar: known.id });
    }
    showPortrait(find(controls.values.avatar));
    showPhase(live.phase);
  }

  function showPhase(phase) {
    const empty = gallery.avatars.length === 0;
    const isLive = phase === "live";
    document.body.classList.toggle("is-live", isLive);
    document.title = isLive ? "Live · pechead-live studio" : "pechead-live studio";
    byId("welcome").hidden = isLive || !empty;
    byId("start-card").hidden = isLive || empty;
    const began = isLive && byId("bar").hidden;
    for (const id of ["bar", "presets", "figures"]) byId(id).hidden = !isLive;
    markStage(isLive ? null : empty ? "welcoming" : "choosing");
    card.busy(phase === "starting");
    if (isLive) showBar();
    if (began) bar.focus();
    if (phase === "starting") showWords(byId("state"), ["warn", "Starting…"]);
    if (phase === "idle") showNothing();
  }

  function showNothing() {
    [linked, recording] = [null, null];
    showWords(byId("state"), ["", ""]);
    warnings([]);
    output.show(null);
    figures(null);
    byId("preparing").hidden = true;
    byId("recording-pill").hidden = true;
  }

  function stop() {
    const ended = live.stop();
    card.focus();
    announce("Stopped.");
    return ended;
  }

  function showConnection(state) {
    linked = connectionWords(state);
    if (linked) showWords(byId("state"), linked);
  }

  function showSession(answer) {
    const { status } = answer;
    if (!linked) showWords(byId("state"), statusWords(status));
    byId("preparing").hidden = !status.preparing;
    setText(byId("preparing"), status.preparing ? "Preparing" : "");
    recording = status.sinks?.recording ?? null;
    byId("recording-pill").hidden = recording === null;
    setText(byId("recording-pill"), recording ? `REC ${Math.floor(recording.seconds ?? 0)} s` : "");
    warnings(status.warnings);
    figures(status);
    output.show(answer);
    showBar();
  }

  function showTrouble(error) {
    if (error && !linked) showWords(byId("state"), ["bad", "No answer from the server"]);
  }

  function showBar() {
    bar.show({
      sending: live.sending,
      muted: live.muted,
      listening: !byId("avatar-video").muted,
      recording: recording !== null,
    });
  }

  async function switchSink(name, open) {
    const sinks = await live.switchSink(name, open);
    if (sinks && name === "recording") recording = sinks.recording ?? null;
    showBar();
    return sinks !== null;
  }

  await gallery.load();
  devices.refresh();
}
