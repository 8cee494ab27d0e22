// The warning that the session ends, of residents and officers: extended without leaving the page. It works without this file.

function sessionWarning(strip) {
  const begun = Date.now();
  const minutes = Number(/--in-(\d+)/.exec(strip.className)?.[1]);
  const isOver = () => strip.classList.replace(`app-session--in-${minutes}`, "app-session--over");

  let before;
  strip.addEventListener("focusin", ({ relatedTarget }) => {
    if (relatedTarget && !strip.contains(relatedTarget)) before = relatedTarget;
  });
  // The answer holds a warning of its own, which takes the place of this one and waits anew; the focus goes back to where it was.
  strip.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    try {
      const answer = await fetch(event.target.action, { method: "POST", body: new FormData(event.target) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = answer.ok && page.querySelector("[data-session]");
      if (!fresh) return isOver();
      strip.replaceWith(fresh);
      sessionWarning(fresh);
      before?.focus();
    } catch {
      event.target.submit(); // Out of reach for a moment: the new tab says so.
    }
  });
  strip.addEventListener("animationend", () => document.activeElement?.scrollIntoView({ block: "nearest" }));
  // While a computer sleeps, its style sheets' clocks may stand still.
  document.addEventListener("visibilitychange", () => {
    if (strip.isConnected && Date.now() - begun > (minutes + 3) * 60_000) isOver();
  });
}

document.querySelectorAll("[data-session]").forEach(sessionWarning);
