/** Start: everything that needs no key first, then the manifest, then sending. Nothing is asked of any server before that. */

// First: a module's imports run in the order they stand, and @noble's already call what this adds.
import "./oldengines.ts";

import { currentManifest } from "../manifest/current.ts";
import { enableAnswers } from "./answers.ts";
import { hideTicks } from "./dom.ts";
import { bindFiles } from "./files.ts";
import { bindLanguages } from "./language.ts";
import { bindLeave } from "./leave.ts";
import { tellReader } from "./reader.ts";
import { bindScreens } from "./screens.ts";
import { enableSend, refuseSend } from "./send.ts";
import { askServers, isForgotten, useManifest } from "./session.ts";
import { bindStatus, drain } from "./status.ts";

function ready(state: "yes" | "no"): void {
  document.documentElement.setAttribute("data-ready", state);
}

/** Verifies the manifest in the page; returns false, and says so, when its keys must not be used. */
function trust(): boolean {
  try {
    useManifest(currentManifest());
    return true;
  } catch {
    refuseSend();
    ready("no");
    return false;
  }
}

function start(): void {
  if (!bindLeave()) return;
  hideTicks();
  bindLanguages();
  bindScreens();
  bindFiles();
  if (!trust()) return;
  bindStatus();
  tellReader();
  enableSend();
  enableAnswers();
  ready("yes");
  void askServers().then(() => {
    if (!isForgotten()) tellReader();
  });
  void drain();
}

// The manifest's block is the last element: it is parsed after this script.
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
