// Keeps a part of a page up to date. It works without this file: then one asks for the page again.

// <div data-refresh-url="…" aria-live="polite"> shows what that address says, every five seconds for three minutes (or so many as
// data-refresh-minutes says), or until an element in it has data-final. What did not change is left alone, so that nothing is
// read out twice.
function keepFresh(region) {
  const end = Date.now() + 60_000 * (region.dataset.refreshMinutes ?? 3);
  const look = async () => {
    if (region.querySelector("[data-final]") || Date.now() > end) return;
    try {
      const answer = await fetch(region.dataset.refreshUrl);
      const fresh = document.createElement("template");
      fresh.innerHTML = answer.ok && !answer.redirected ? await answer.text() : region.innerHTML;
      if (fresh.content.textContent.trim() !== region.textContent.trim()) region.replaceChildren(fresh.content);
      if (region.querySelector("[data-final]")) document.querySelectorAll(".alert[role=status]").forEach((said) => said.remove());
    } catch {} // Out of reach for a moment: the next look may find it.
    setTimeout(look, 5000);
  };
  setTimeout(look, 5000);
}

document.querySelectorAll("[data-refresh-url]").forEach(keepFresh);
