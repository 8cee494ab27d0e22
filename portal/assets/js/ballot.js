// Comforts of the ballot, which works without this file: one proposal has one mark, the basket follows each mark, and the
// lists narrow down while one types.

const { missing, progress, shown } = document.currentScript.dataset;
const form = document.querySelector("form[data-ballot]");
const basket = form.querySelector("[data-basket]");
const rows = [...form.querySelectorAll(".app-row")];
const all = Number(form.dataset.ballot); // Fewer rows are there when the server has narrowed them down: then it goes on doing so.

const write = (target, text) => {
  if (target.textContent !== text) target.textContent = text;
};
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const titleOf = (row) => row.querySelector("h3").textContent.trim();

// The basket lists every mark of every pool, so that the voter sees what is still missing.
function refresh() {
  const slots = basket.querySelectorAll("[data-slot]");
  const chosen = new Map([...form.querySelectorAll(".app-row :checked")].map((radio) => [radio.name, radio]));
  for (const slot of slots) {
    const radio = chosen.get(slot.dataset.slot);
    slot.classList.toggle("app-chosen", Boolean(radio));
    slot.querySelector("button").hidden = !radio;
    const said = slot.querySelector("span");
    write(said, radio ? titleOf(radio.closest(".app-row")) : missing);
    if (radio) said.lang = "pl";
    else said.removeAttribute("lang");
  }
  write(basket.querySelector("h2"), fill(progress, { chosen: chosen.size, all: slots.length }));
}

// What is chosen stays in sight, whatever one looks for.
function narrow() {
  if (rows.length < all) return;
  const bare = (text) => text.toLowerCase().normalize("NFD").replaceAll("ł", "l").replace(/\p{M}/gu, "");
  const words = bare(form.elements.szukaj.value).split(/\s+/).filter(Boolean);
  const about = form.elements.kategoria.value;
  const most = parseFloat(form.elements.do.value.replace(/\s/g, "").replace(",", ".")) * 100;
  for (const row of rows) {
    const text = words.length ? bare(row.firstElementChild.textContent) : "";
    const fits = words.every((word) => text.includes(word)) && !(row.dataset.cost > most)
      && (!about || row.dataset.about.split(",").includes(about));
    row.hidden = !fits && !row.querySelector(":checked");
  }
  for (const nothing of form.querySelectorAll("[data-nothing]")) {
    nothing.hidden = Boolean(nothing.closest("fieldset").querySelector(".app-row:not([hidden])"));
  }
  const found = rows.filter((row) => !row.hidden).length;
  write(form.querySelector("[data-found]"), fill(shown, { shown: found, all }));
}

let taken; // Arrow keys carry a mark over other projects: what it takes from one on its way, it gives back when it moves on.
form.addEventListener("change", ({ target }) => {
  if (target.type !== "radio") return;
  if (taken?.by === target.name) taken.mark.checked = true;
  const mark = [...target.closest(".app-row").querySelectorAll(":checked")].find((other) => other !== target);
  taken = mark && { mark, by: target.name };
  if (mark) mark.checked = false;
  refresh();
});
form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.name === "remove") {
    event.preventDefault();
    taken = undefined;
    form.querySelector(`[name="${button.value}"]:checked`).checked = false;
    refresh();
    basket.querySelector("h2").focus();
  } else if (button?.value === "find" && rows.length === all) {
    event.preventDefault();
    narrow();
  }
});

// To the browser a number of points is one stop for the whole list. Here Tab stops at each button of each row that is seen, so
// that Space marks any of them; before the first and after the last row the browser's own order goes on.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || event.ctrlKey || event.altKey || event.metaKey) return;
  const stops = [...form.querySelectorAll(".app-row:not([hidden]) :is(a, input)")];
  const next = stops.includes(event.target) && stops[stops.indexOf(event.target) + (event.shiftKey ? -1 : 1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
for (const type of ["input", "change"]) {
  form.querySelector(".app-filter").addEventListener(type, narrow);
}
form.addEventListener("reset", () => {
  taken = undefined;
  setTimeout(() => {
    refresh();
    narrow();
  });
});
window.addEventListener("pageshow", () => {
  refresh();
  narrow();
});

// A link away would lose marks that are not sent yet: the browser asks first.
const marks = () => [...form.querySelectorAll(".app-row :checked")].map((radio) => radio.id).join();
const begun = marks();
let sent = false;
form.addEventListener("submit", () => {
  sent = true;
});
window.addEventListener("beforeunload", (event) => {
  if (!sent && marks() !== begun) event.preventDefault();
});
