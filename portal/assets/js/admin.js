// The panel's one script: listeners on the document, so that no page needs a handler of its own. Everything works without it.

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
  }
});

// One box ticks all rows and follows them.
for (const all of document.querySelectorAll("[data-select-all]")) {
  const boxes = [...document.querySelectorAll("input[name=rowid]")];
  const follow = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && !all.checked;
  };
  all.hidden = false;
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  boxes.forEach((box) => box.addEventListener("change", follow));
  window.addEventListener("pageshow", follow); // Browsers keep what was ticked when somebody comes back.
}

// A table is a stop of the keyboard, and a region, only while it scrolls.
for (const wrapper of document.querySelectorAll(".table-responsive[tabindex]")) {
  const known = [...wrapper.attributes].filter(({ name }) => name !== "class").map(({ name, value }) => [name, value]);
  const look = () => {
    const scrolls = wrapper.scrollWidth > wrapper.clientWidth || wrapper === document.activeElement;
    known.forEach(([name, value]) => (scrolls ? wrapper.setAttribute(name, value) : wrapper.removeAttribute(name)));
  };
  const watched = new ResizeObserver(look);
  [wrapper, ...wrapper.children].forEach((box) => watched.observe(box));
}

// What has the focus in a table that scrolls is seen whole; browsers are content with a part of it.
document.addEventListener("focusin", (event) => {
  if (event.target.matches(".table-responsive :focus-visible")) {
    event.target.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
});

// A password can be looked at while it is typed; it is hidden again before it is sent.
for (const input of document.querySelectorAll("input[data-show]")) {
  const wrapper = document.createElement("div");
  const button = document.createElement("button");
  const reveal = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? input.dataset.hide : input.dataset.show;
    button.setAttribute("aria-label", `${button.textContent}: ${input.labels[0].textContent.trim()}`);
  };
  wrapper.className = "panel-password";
  button.className = "btn btn-outline-primary";
  button.type = "button";
  button.addEventListener("click", () => reveal(input.type === "password"));
  input.form.addEventListener("submit", () => reveal(false));
  input.replaceWith(wrapper);
  wrapper.append(input, button);
  reveal(false);
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// The summary of errors is read out at once; its links lead to a field with its label, and into groups of fields too.
for (const summary of document.querySelectorAll(".panel-errors")) {
  summary.focus();
  summary.addEventListener("click", (event) => {
    const target = document.getElementById(event.target.closest("a")?.hash.slice(1));
    const field = target?.matches("fieldset, div") ? target.querySelector("input, select, textarea") : target;
    if (!field) return;
    event.preventDefault();
    (field.closest("fieldset.panel-choices, .panel-field") ?? field).scrollIntoView();
    field.focus({ preventScroll: true });
  });
}
