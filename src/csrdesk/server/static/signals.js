// Hands what PingOne's Signals script finds over with the form: it fills a hidden field, and submits nothing. Without that
// script, or before it is ready, the field stays empty, and address and browser have to do.
"use strict";

// Names of its own: other scripts of the page share the outermost scope.
{
  const fields = document.querySelectorAll("input[name=signals]");
  const environment = document.currentScript.dataset.environment;
  // As long as the server takes.
  const LONGEST = 100000;

  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    try {
      const payload = await window._pingOneSignals.getData();
      if (typeof payload === "string" && payload.length <= LONGEST) {
        fields.forEach((field) => { field.value = payload; });
      }
    } catch {
      // The field stays as it is.
    } finally {
      asking = false;
    }
  };

  const begin = async () => {
    try {
      await window._pingOneSignals.init({ envId: environment, behavioralDataCollection: true });
    } catch {
      return;
    }
    await ask();
    // How somebody types is part of it, so it is asked for again while they do.
    addEventListener("input", ask);
  };

  if (window._pingOneSignalsReady) {
    begin();
  } else {
    document.addEventListener("PingOneSignalsReadyEvent", begin, { once: true });
  }
}
